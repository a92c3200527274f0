/**
 * Shares by an attribute that is missing: flagd leaves it out of the text that it hashes, and so puts everybody without it
 * into one place. Here they get no share, and so the default variant.
 */
import { attributeOf, isObject, operationOf } from "./logic.ts";

/** What a text is put together of: each part has to be there. */
function partsOf(bucket: unknown): unknown[] {
  const { operator, args } = operationOf(bucket) ?? {};
  if (operator === "cat") return (Array.isArray(args) ? args : [args]).flatMap(partsOf);
  return typeof bucket === "object" && bucket !== null && !attributeOf(bucket)?.startsWith("$flagd.") ? [bucket] : [];
}

/** flagd takes no share of what is no text. */
function guard(bucket: unknown): unknown {
  const present = partsOf(bucket).map((part) => ({ "!": [{ in: [part, [null, ""]] }] }));
  const [first] = present;
  if (!first || operationOf(bucket)?.operator !== "cat") return bucket;
  return { if: [present.length === 1 ? first : { and: present }, bucket, null] };
}

/** The logic with every share in it guarded. */
export function guardShares(logic: unknown): unknown {
  if (Array.isArray(logic)) return logic.map(guardShares);
  if (!isObject(logic)) return logic;
  return Object.fromEntries(
    Object.entries(logic).map(([operator, args]) => {
      if (operator !== "fractional" || !Array.isArray(args)) return [operator, guardShares(args)];
      const [bucket, ...shares] = args as unknown[];
      return [operator, [Array.isArray(bucket) ? guardShares(bucket) : guard(bucket), ...shares.map(guardShares)]];
    }),
  );
}
