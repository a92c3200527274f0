/** Which flags a segment is part of: `$ref` in their targeting, or in that of a segment which they use. */
import type { Transaction } from "@kombify/db";
import { flags } from "@kombify/db/schema";
import { sql } from "drizzle-orm";
import type { Segments } from "./check-flags.ts";
import type { FlagRow } from "./flag-state.ts";

/** Names that a piece of targeting refers to, by itself. */
export function refsIn(logic: unknown): string[] {
  if (Array.isArray(logic)) return logic.flatMap(refsIn);
  if (typeof logic !== "object" || logic === null) return [];
  return Object.entries(logic).flatMap(([name, value]) =>
    name === "$ref" && typeof value === "string" ? [value] : refsIn(value),
  );
}

/** The same, with what those refer to. */
export function segmentsIn(logic: unknown, segments: Segments): Set<string> {
  const found = new Set<string>();
  const open = refsIn(logic);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    open.push(...refsIn(segments[name]));
  }
  return found;
}

/** Flags that refer to any segment. */
export const readFlagsWithSegments = (tx: Transaction): Promise<FlagRow[]> =>
  tx.select().from(flags).where(sql`${flags.targeting}::text like '%"$ref"%'`);
