/** Comparing a namespace's collections with their definition, and what has to be said to PocketBase so that they are the same. */
import { ServiceError } from "@kombify/agent-contract";
import type { PocketBaseCollection, PocketBaseField } from "./client.ts";
import { isWalled, RULES, unsealed } from "./namespace-collections.ts";

/** Types of fields that hold the same values. A single-tenant Stack may have chosen another one than we would. */
const STANDS_FOR: Record<string, readonly string[]> = {
  text: ["editor", "email", "url", "select", "relation"],
  date: ["autodate"],
};

export type Difference = { collection: Partial<PocketBaseCollection> | null; words: string[] };

/** An index in the form in which two that do the same are the same. */
const normalized = (index: string): string => index.replace(/[\s`"[\]]/g, "").toLowerCase();
export const indexName = (index: string): string => /index\s+(?:if not exists\s+)?[`"[]?(\w+)/i.exec(index)?.[1] ?? "";

/** The values that a pattern of ours allows; null for another pattern. */
const valuesOf = (field: PocketBaseField): string[] | null =>
  /^\^\(([\w|-]+)\)\$$/.exec(String(field.pattern ?? ""))?.[1]?.split("|") ?? null;

/**
 * The field as it has to be; the field itself when it is as it has to be.
 * @throws ServiceError PRECONDITION when it holds another kind of values, which PocketBase cannot change.
 */
function mended(has: PocketBaseField, wanted: PocketBaseField, table: string): PocketBaseField {
  if (has.type !== wanted.type) {
    if (!STANDS_FOR[wanted.type]?.includes(has.type))
      throw new ServiceError(
        "PRECONDITION",
        `${table}.${wanted.name} is of the type ${has.type}; it has to be ${wanted.type}. Rename it in PocketBase, and its values are kept.`,
      );
    const values = (has.values ?? []) as string[];
    const missing = (has.type === "select" ? (valuesOf(wanted) ?? []) : []).filter((value) => !values.includes(value));
    return missing.length === 0 ? has : { ...has, values: [...values, ...missing] };
  }
  // Whether nodes go with their stack was the single-tenant Stack's to say, and its clients count on it.
  const { id: _id, cascadeDelete: _own, ...options } = wanted;
  const isSame = Object.entries(options).every(([option, value]) => has[option] === value);
  return isSame ? has : { ...has, ...options };
}

/** What differs between a collection and its definition. Fields, indexes and rules beyond the definition are left alone. */
export function compare(has: PocketBaseCollection | undefined, wanted: PocketBaseCollection, slug: string): Difference {
  if (!has) return { collection: wanted, words: [`${wanted.name} is missing`] };
  const words: string[] = [];
  const fields = [...has.fields];
  for (const field of wanted.fields) {
    // How passwords are hashed is a single-tenant Stack's own matter: its people do log in with them.
    if (field.type === "password") continue;
    const at = fields.findIndex(({ name }) => name === field.name);
    const known = fields[at];
    if (!known) {
      fields.push(field);
      words.push(`${wanted.name}.${field.name} is missing`);
      continue;
    }
    const next = mended(known, field, wanted.name);
    if (next === known) continue;
    fields[at] = next;
    words.push(`${wanted.name}.${field.name} is defined otherwise`);
  }
  let indexes = has.indexes;
  for (const index of wanted.indexes) {
    const known = indexes.find((other) => indexName(other) === indexName(index));
    if (known !== undefined && normalized(known) === normalized(index)) continue;
    words.push(`the index ${indexName(index)} is ${known === undefined ? "missing" : "defined otherwise"}`);
    indexes = [...indexes.filter((other) => other !== known), index];
  }
  const rules = Object.fromEntries(
    RULES.map((rule) => {
      const open = unsealed(has[rule]);
      if (open !== has[rule]) words.push(`the ${rule} of ${wanted.name} is sealed`);
      if (isWalled(open, slug)) return [rule, open];
      words.push(`the ${rule} of ${wanted.name} lets others in`);
      return [rule, wanted[rule]];
    }),
  );
  if (words.length === 0) return { collection: null, words };
  return { collection: { id: has.id, name: has.name, type: has.type, fields, indexes, ...rules }, words };
}
