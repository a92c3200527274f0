/**
 * What travels between the API and its clients: superjson's format. Nearly every answer is plain data with dates in it,
 * and for that the general walk of superjson (references, classes, sets, maps) costs six times what it needs to; so plain
 * data takes a short cut to the same format here, and superjson does the rest. Clients read both with superjson.
 */
import superjson from "superjson";

/** Deeper values, cycles among them, are left to superjson. */
const MAX_DEPTH = 16;
/** Others need escapes in a path of superjson's annotations. */
const PLAIN_KEY = /^[^.\\]+$/;
/** superjson refuses them. */
const RESERVED_KEYS = new Set(["__proto__", "constructor", "prototype"]);
const UNUSUAL = Symbol("not plain data");

type Annotations = Record<string, ["Date"]>;

function plainOf(value: unknown, path: string, depth: number, dates: Annotations): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      // NaN, the infinities and -0 have no JSON of their own.
      return Number.isFinite(value) && !Object.is(value, -0) ? value : UNUSUAL;
    case "object":
      break;
    default:
      return UNUSUAL;
  }
  if (value === null) return null;
  if (value instanceof Date) {
    if (path === "" || Number.isNaN(value.getTime())) return UNUSUAL;
    dates[path] = ["Date"];
    return value.toISOString();
  }
  if (depth > MAX_DEPTH) return UNUSUAL;
  return Array.isArray(value)
    ? plainListOf(value, path, depth + 1, dates)
    : plainObjectOf(value as Record<string, unknown>, path, depth + 1, dates);
}

function plainListOf(list: unknown[], path: string, depth: number, dates: Annotations): unknown {
  const copy: unknown[] = [];
  for (let index = 0; index < list.length; index++) {
    const plain = plainOf(list[index], path === "" ? `${index}` : `${path}.${index}`, depth, dates);
    if (plain === UNUSUAL) return UNUSUAL;
    copy.push(plain);
  }
  return copy;
}

function plainObjectOf(record: Record<string, unknown>, path: string, depth: number, dates: Annotations): unknown {
  const prototype: unknown = Object.getPrototypeOf(record);
  if (prototype !== Object.prototype && prototype !== null) return UNUSUAL;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(record)) {
    if (!PLAIN_KEY.test(key) || RESERVED_KEYS.has(key)) return UNUSUAL;
    const plain = plainOf(record[key], path === "" ? key : `${path}.${key}`, depth, dates);
    if (plain === UNUSUAL) return UNUSUAL;
    copy[key] = plain;
  }
  return copy;
}

/** The format of superjson 2 (`v: 1`). */
function serialize(value: unknown): ReturnType<typeof superjson.serialize> {
  const dates: Annotations = {};
  const json = plainOf(value, "", 0, dates);
  if (json === UNUSUAL || typeof json !== "object") return superjson.serialize(value);
  const plain = json as ReturnType<typeof superjson.serialize>["json"];
  for (const _ in dates) return { json: plain, meta: { values: dates, v: 1 } };
  return { json: plain };
}

/** tRPC's data transformer. */
export const wire = { serialize, deserialize: superjson.deserialize };
