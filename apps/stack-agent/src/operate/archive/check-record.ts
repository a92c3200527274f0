import { RECORD_ID_PATTERN } from "@kombify/agent-contract";
import { CURRENT_DEFINITION, FIELDS, type Field } from "../../engine/collections.ts";
import type { Collection } from "../../engine/records.ts";
import type { StoredRecord } from "../../engine/transfer.ts";

/** What values of each kind look like in JSON. */
const FITS: Record<Field["type"], (value: unknown) => boolean> = {
  id: (value) => typeof value === "string" && RECORD_ID_PATTERN.test(value),
  text: (value) => typeof value === "string",
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === "boolean",
  timestamp: (value) => typeof value === "string" && isExact(value),
  // Whatever an older Stack kept there: an archive that we wrote must be one that we take.
  json: (value) => value !== null,
};

/** Whether it is RFC 3339 in UTC with milliseconds, the one way in which times are written here. */
function isExact(time: string): boolean {
  const date = new Date(time);
  return !Number.isNaN(date.getTime()) && date.toISOString() === time;
}

/**
 * What is wrong with a record, in words; null for one that can be written.
 */
export function faultOf(collection: Collection, { id, fields }: StoredRecord): string | null {
  if (!RECORD_ID_PATTERN.test(id)) return `${JSON.stringify(id)} is not the id of a record.`;
  const known: Record<string, Field> = FIELDS[collection];
  for (const name of Object.keys(fields))
    if (name === "id" || !Object.hasOwn(known, name))
      return `${collection} have no field ${JSON.stringify(name)}; a newer agent may have written it.`;
  for (const [name, { type, isNullable }] of Object.entries(known)) {
    if (name === "id") continue;
    const value = fields[name];
    if (value === undefined) return `the field ${name} is missing.`;
    if (!(value === null ? isNullable : FITS[type](value))) return `the field ${name} is not a ${type}.`;
  }
  return null;
}

/** The record with the fields that came after it was archived, as an upgrade would have filled them. */
export function completed(collection: Collection, record: StoredRecord): StoredRecord {
  const fields = { ...record.fields };
  for (const [name, { initial, isNullable }] of Object.entries(CURRENT_DEFINITION.collections[collection].fields)) {
    if (name === "id" || name === "extra" || Object.hasOwn(fields, name)) continue;
    if (initial !== undefined) fields[name] = initial;
    else if (isNullable) fields[name] = null;
  }
  return { ...record, fields };
}
