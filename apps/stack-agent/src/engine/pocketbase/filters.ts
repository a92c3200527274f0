/** Filters of PocketBase's API (https://pocketbase.io/docs/api-records/#listsearch-records). Names are ours, values never text of theirs. */
import type { Field } from "../collections.ts";
import type { SortKey } from "../list-query.ts";
import { toPocketBase } from "./codec.ts";

/**
 * A text as a filter's literal. The SDK's own `filter` writes control characters as JSON does, which PocketBase reads as
 * something else; its scanner knows a backslash before a quote and before a backslash
 * (https://github.com/ganigeorgiev/fexpr).
 */
export const quote = (text: string): string => `"${text.replace(/[\\"]/g, "\\$&")}"`;

/** A stored value as a literal. */
function literal(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return quote(String(value));
}

/** `column = value`; null means "not set". */
export const equals = (field: Field, column: string, value: unknown): string =>
  value === null ? `${column} = ""` : `${column} = ${literal(toPocketBase(field, value))}`;

export const all = (conditions: readonly string[]): string => conditions.join(" && ");

/** What comes after the last record of a page. */
export function after({ definition, isDescending }: SortKey, column: string, value: unknown, id: string): string {
  const sign = isDescending ? "<" : ">";
  if (column === "id") return `id ${sign} ${quote(id)}`;
  const text = literal(toPocketBase(definition, value));
  return `(${column} ${sign} ${text} || (${column} = ${text} && id ${sign} ${quote(id)}))`;
}
