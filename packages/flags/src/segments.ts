/** Segments, flagd's `$evaluators`: conditions that flags name with `{"$ref": "key"}`. */
import { isObject } from "./logic.ts";

/** Of one targeting with its segments written out; a few segments that name each other often grow without an end. */
const MOST_NODES = 50_000;

/** A reference that cannot be followed. The message says which. */
export class SegmentError extends Error {
  override readonly name = "SegmentError";
}

/** Key of a segment, when that is what the logic is. */
export const segmentKeyOf = (logic: unknown): string | null =>
  isObject(logic) && typeof logic.$ref === "string" && Object.keys(logic).length === 1 ? logic.$ref : null;

/** The logic with what it refers to in place of the references. @throws SegmentError for one that is missing or circular. */
export function writeOutSegments(logic: unknown, segments: Readonly<Record<string, unknown>>): unknown {
  let nodes = 0;
  const write = (value: unknown, within: readonly string[]): unknown => {
    if (++nodes > MOST_NODES)
      throw new SegmentError(
        `With its segments written out it has more than ${MOST_NODES} parts. Use fewer segments within segments.`,
      );
    if (Array.isArray(value)) return value.map((item) => write(item, within));
    if (!isObject(value)) return value;
    const key = segmentKeyOf(value);
    if (key === null)
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, write(inner, within)]));
    if (within.includes(key))
      throw new SegmentError(
        `Segments refer to themselves: ${[...within.slice(within.indexOf(key)), key].join(" -> ")}. Take one of these out.`,
      );
    if (!Object.hasOwn(segments, key))
      throw new SegmentError(`There is no segment ${key}. Make it first, or write the condition here.`);
    return write(segments[key], [...within, key]);
  };
  return write(logic, []);
}
