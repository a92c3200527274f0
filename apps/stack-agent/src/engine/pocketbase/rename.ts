/** A collection under another tenant's slug, with everything in it that names a collection of its namespace. */
import { COLLECTIONS } from "@kombify/agent-contract";
import type { PocketBaseCollection } from "./client.ts";
import { RULES, tableOf } from "./namespace-collections.ts";

type Names = ReadonlyMap<string, string>;

/**
 * Names of collections in a rule or a query, and in names that PocketBase derives from them (`nodes_acme_via_stack_id`).
 * Words inside of texts are names too where PocketBase compares with one: `@request.auth.collectionName = "users_acme"`.
 */
export function inText(text: string, names: Names): string {
  return text.replace(/\w+/g, (word) => {
    const whole = names.get(word);
    if (whole !== undefined) return whole;
    const via = word.indexOf("_via_");
    const back = via > 0 ? names.get(word.slice(0, via)) : undefined;
    return back === undefined ? word : `${back}${word.slice(via)}`;
  });
}

/** Indexes are called after their table. */
const inIndex = (index: string, names: Names): string =>
  index.replace(/\w+/g, (word) => {
    for (const [from, to] of names) {
      if (word === from) return to;
      if (word.startsWith(`${from}_`)) return `${to}${word.slice(from.length)}`;
    }
    return word;
  });

/** @param slugs the slug in texts of its own: `@collection._tenants.slug ?= "acme"`. */
function inRule(rule: string, names: Names, slugs: readonly [string, string]): string {
  const [from, to] = slugs;
  return inText(rule, names).replaceAll(
    `@collection._tenants.slug ?= "${from}"`,
    `@collection._tenants.slug ?= "${to}"`,
  );
}

/** A collection under a new name with what else names a collection of its namespace; its id, fields and records stay. */
export const withNames = (
  collection: PocketBaseCollection,
  names: Names,
  inRule: (rule: string) => string,
): Partial<PocketBaseCollection> => ({
  id: collection.id,
  name: names.get(collection.name) ?? collection.name,
  indexes: collection.indexes.map((index) => inIndex(index, names)),
  ...Object.fromEntries(RULES.map((rule) => [rule, collection[rule] === null ? null : inRule(collection[rule])])),
});

/** @returns what has to be sent so that the collection of `from` is one of `to`. */
export function renamed(collection: PocketBaseCollection, from: string, to: string): Partial<PocketBaseCollection> {
  const names = new Map(COLLECTIONS.map((name) => [tableOf(name, from), tableOf(name, to)]));
  return withNames(collection, names, (rule) => inRule(rule, names, [from, to]));
}
