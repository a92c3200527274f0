/** Reading a row of another system: its fields under our names, whatever they are called there, and what is left over. */

export type LegacyRow = Record<string, unknown>;
/** Our name of a field, and what it may be called there, best first. Case, `_` and `-` do not matter. */
export type Spellings = Readonly<Record<string, readonly string[]>>;

export interface LegacyFields {
  /** Values under our names; a field that is empty there is absent. */
  picked: LegacyRow;
  /** What each picked field is called there. */
  names: Record<string, string>;
  /** What no field asked for, without credentials. */
  remainder: LegacyRow;
  /** Paths that were left behind because they are credentials. */
  credentials: string[];
}

/** PocketBase's own fields, which say nothing of the row, or are read where a field asks for them. */
const PLATFORM = new Set(["id", "collectionid", "collectionname", "expand", "created", "updated"]);
const CREDENTIAL = /pass(word|wd|phrase|code)|secret|token|credential|private.?key|api.?key|cookie/i;
/** As deep as our own API reads JSON. */
const DEEPEST = 32;

const plainName = (name: string): string => name.toLowerCase().replace(/[_\- ]/g, "");
const isEmpty = (value: unknown): boolean => value === undefined || value === null || value === "";

/** A copy without members that look like credentials; their paths are added to `found`. */
function withoutCredentials(value: unknown, path: string, found: string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutCredentials(item, `${path}[]`, found));
  if (typeof value !== "object" || value === null) return value;
  const kept: LegacyRow = {};
  for (const [key, member] of Object.entries(value)) {
    const at = path ? `${path}.${key}` : key;
    if (CREDENTIAL.test(key)) found.push(at);
    else Object.defineProperty(kept, key, { value: withoutCredentials(member, at, found), enumerable: true });
  }
  return kept;
}

/** Sorts a row's fields into what `spellings` ask for and the remainder, in which those of `keptAsWell` stay. */
export function readFields(row: LegacyRow, spellings: Spellings, keptAsWell: readonly string[]): LegacyFields {
  const byName = new Map<string, string>();
  for (const key of Object.keys(row)) if (!byName.has(plainName(key))) byName.set(plainName(key), key);
  const picked: LegacyRow = {};
  const names: Record<string, string> = {};
  for (const [field, candidates] of Object.entries(spellings)) {
    const key = candidates.map((name) => byName.get(plainName(name))).find((name) => name && !isEmpty(row[name]));
    if (key === undefined) continue;
    picked[field] = row[key];
    names[field] = key;
  }
  const used = new Set(Object.entries(names).flatMap(([field, key]) => (keptAsWell.includes(field) ? [] : [key])));
  const left = Object.entries(row).filter(
    ([key, value]) => !used.has(key) && !PLATFORM.has(plainName(key)) && !isEmpty(value),
  );
  const credentials: string[] = [];
  const remainder = withoutCredentials(Object.fromEntries(left), "", credentials) as LegacyRow;
  return { picked, names, remainder, credentials };
}

/** Why PostgreSQL could not give a value back as it was, or null: it has no NUL in text, and only whole characters. */
export function whyNotStorable(value: unknown, depth = 0): string | null {
  if (depth > DEEPEST) return `is nested more than ${DEEPEST} deep`;
  if (typeof value === "string") {
    if (value.includes("\0")) return "holds a NUL character, which no text here can";
    return value.isWellFormed() ? null : "holds half a character (a lone surrogate)";
  }
  if (typeof value !== "object" || value === null) return null;
  for (const [key, member] of Object.entries(value)) {
    const why = whyNotStorable(key, depth) ?? whyNotStorable(member, depth + 1);
    if (why) return why;
  }
  return null;
}
