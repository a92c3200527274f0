/** The four collections of a single-tenant Stack, as old Stacks spell them, and what becomes of them. */
import { COLLECTIONS, type DesiredTenant, ServiceError } from "@kombify/agent-contract";
import type { PocketBaseCollection, PocketBaseField } from "../engine/pocketbase/client.ts";
import { tableOf } from "../engine/pocketbase/namespace-collections.ts";
import type { Collection } from "../engine/records.ts";
import { Dictionary, known, type Spellings } from "./dictionary.ts";
import { wordsOf } from "./words.ts";

/** Slug of the tenant that an old Stack becomes. The control plane gives it to nobody (RESERVED_SLUGS). */
export const DEFAULT_SLUG = "default";
/** Who vouches for the people that an old Stack knew: the Stack itself. */
export const LOCAL_ISSUER = "urn:kombify:stack:local";

/** Name of the field in which an old Stack keeps its own roles. */
export const OLD_ROLE = "old_role";

/** Other names of the field that refers to the stack. */
const STACK_SPELLINGS = ["stack", "stackId"];

export type Four = Partial<Record<Collection, PocketBaseCollection>>;

/** Collections of one kind: PocketBase's own and the agent's begin with an underscore, a tenant's end with a slug. */
const isOurs = ({ name, system }: PocketBaseCollection): boolean => system === true || name.startsWith("_");

/** The four of an old Stack, by what they are called. */
export const fourOf = (collections: readonly PocketBaseCollection[]): Four =>
  Object.fromEntries(
    COLLECTIONS.flatMap((collection) => {
      const found = collections.find(({ name }) => name.toLowerCase() === collection);
      return found ? [[collection, found]] : [];
    }),
  );

/** What else belongs to the old Stack. @param namespaces slugs of tenants, whose collections are not its. */
export function othersOf(
  collections: readonly PocketBaseCollection[],
  four: Four,
  namespaces: readonly string[],
): PocketBaseCollection[] {
  const taken = new Set(namespaces.flatMap((slug) => COLLECTIONS.map((collection) => tableOf(collection, slug))));
  const mine = new Set(Object.values(four).map(({ id }) => id));
  return collections.filter((one) => !isOurs(one) && !taken.has(one.name) && !mine.has(one.id));
}

/**
 * Fields that have to get another name.
 * @throws ServiceError PRECONDITION when two fields could be the one that refers to the stack.
 */
export function spellingsOf(collection: Collection, { name, fields }: PocketBaseCollection): Spellings {
  // What an old Stack calls a role is its own, and its rules go on asking for it; the agent's comes from the portal.
  if (collection === "users") return fields.some((field) => field.name === "role") ? { role: OLD_ROLE } : {};
  if (collection === "stacks" || fields.some((field) => field.name === "stack_id")) return {};
  const found = fields.filter((field) => STACK_SPELLINGS.includes(field.name)).map((field) => field.name);
  if (found.length > 1)
    throw new ServiceError(
      "PRECONDITION",
      `${name} have the fields ${found.join(" and ")}, and either could be the one that names their stack. Remove the one that does not.`,
    );
  return found[0] === undefined ? {} : { [found[0]]: "stack_id" };
}

/** Names before and after, of everything that an old Stack has. */
export function dictionaryOf(four: Four, others: readonly PocketBaseCollection[]): Dictionary {
  const renamed = COLLECTIONS.flatMap((collection) => {
    const has = four[collection];
    if (!has) return [];
    const spellings = spellingsOf(collection, has);
    const words = (field: PocketBaseField) => (spellings[field.name] ? null : wordsOf(collection, field));
    return [known(has, tableOf(collection, DEFAULT_SLUG), spellings, words)];
  });
  return new Dictionary([...renamed, ...others.map((other) => known(other, other.name))]);
}

/** What the host knows of the tenant that an old Stack becomes. No control plane has named it yet. */
export const localTenant = (tenantId: string): DesiredTenant => ({
  tenantId,
  slug: DEFAULT_SLUG,
  orgId: `local:${tenantId}`,
  name: "This Stack",
  plan: "business",
  state: "active",
  generation: 1,
});
