/**
 * Values of conditions as people type them. What looks like a number or is `true` or `false` is one; everything else is
 * text. Text that would be taken for something else, or holds a comma in a list, stands in quotes as in JSON.
 */
export type Scalar = string | number | boolean;

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?$/;
const QUOTED = /^"(?:[^"\\]|\\.)*"$/;

/** What was typed, as a value; null for nothing and for quotes that are not closed. */
export function scalarFrom(typed: string): Scalar | null {
  const text = typed.trim();
  if (text === "") return null;
  if (text === "true" || text === "false") return text === "true";
  if (NUMBER.test(text) && String(Number(text)) === text) return Number(text);
  if (!text.startsWith('"')) return text;
  if (!QUOTED.test(text)) return null;
  try {
    return JSON.parse(text) as string;
  } catch {
    return null;
  }
}

/** How a value is typed; {@link scalarFrom} reads it back. */
export function scalarText(value: Scalar, isInList = false): string {
  const text = String(value);
  if (typeof value !== "string") return text;
  return scalarFrom(text) === value && !(isInList && /[,"]/.test(text)) ? text : JSON.stringify(text);
}

/** A list as typed, with commas between; null when one of its values cannot be read or there is none. */
export function listFrom(typed: string): Scalar[] | null {
  const values = (typed.match(/\s*"(?:[^"\\]|\\.)*"\s*(?=,|$)|[^,]+/g) ?? [])
    .filter((part) => part.trim() !== "")
    .map((part) => scalarFrom(part));
  return values.length > 0 && values.every((value) => value !== null) ? values : null;
}

export const listText = (values: readonly Scalar[]): string =>
  values.map((value) => scalarText(value, true)).join(", ");
