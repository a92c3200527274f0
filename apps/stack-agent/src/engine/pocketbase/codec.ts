/** Records as the engine has them, and as PocketBase stores them. */
import type { RecordModel } from "pocketbase";
import { FIELDS, type Field } from "../collections.ts";
import type { Collection, Records } from "../records.ts";

/**
 * Names that mean something else to PocketBase: the `email` of its people must be unique, and two people of one household
 * may share an address.
 */
const RENAMED: Partial<Record<Collection, Record<string, string>>> = { users: { email: "mail" } };

/** PocketBase's name for a field of a collection. */
export const columnOf = (collection: Collection, { column }: Field): string => RENAMED[collection]?.[column] ?? column;

/** `2026-01-31 12:00:00.000Z`, PocketBase's way to write a time. */
const toTime = (date: Date): string => date.toISOString().replace("T", " ");

/** A value as PocketBase stores it. Texts and times that are not set are empty there. */
export function toPocketBase(field: Field, value: unknown): unknown {
  if (value === null || value === undefined) return field.type === "json" ? null : "";
  return value instanceof Date ? toTime(value) : value;
}

/** A stored value as ours. Old clients may have left out what is never null here. */
function fromPocketBase(field: Field, name: string, value: unknown): unknown {
  if (field.type === "json") return value ?? (name === "services" || name === "logs" ? [] : {});
  if (field.type === "boolean" || field.type === "integer") return value;
  if (value === "" || value === undefined) {
    if (field.isNullable) return null;
    return field.type === "timestamp" ? new Date(0) : "";
  }
  return field.type === "timestamp" ? new Date(String(value)) : value;
}

const fieldsOf = (collection: Collection): Array<[string, Field, string]> =>
  Object.entries<Field>(FIELDS[collection]).map(([name, field]) => [name, field, columnOf(collection, field)]);

const FIELD_LISTS = Object.fromEntries(
  (Object.keys(FIELDS) as Collection[]).map((collection) => [collection, fieldsOf(collection)]),
) as Record<Collection, ReturnType<typeof fieldsOf>>;

/** `id,name,stack_id,...`: what a read asks for. */
export const columnsOf = (collection: Collection): string =>
  FIELD_LISTS[collection].map(([, , column]) => column).join(",");

export function fromRecord<C extends Collection>(collection: C, record: RecordModel): Records[C] {
  const entries = FIELD_LISTS[collection].map(([name, field, column]) => [
    name,
    fromPocketBase(field, name, record[column]),
  ]);
  return Object.fromEntries(entries) as Records[C];
}

/** The body of a create or an update; only what is given is written. */
export function toBody(collection: Collection, values: object): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    const field = (FIELDS[collection] as Record<string, Field>)[name];
    if (!field) throw new Error(`${collection} have no field ${name}`);
    if (value !== undefined) body[columnOf(collection, field)] = toPocketBase(field, value);
  }
  return body;
}
