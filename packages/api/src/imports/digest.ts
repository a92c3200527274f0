/** Digests of rows: sha256 over canonical JSON (RFC 8785), so that neither key order nor the database's own matter. */
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import type { LegacyRow } from "./legacy-fields.ts";

export interface TakenRow {
  /** In our words, as plain JSON. */
  row: LegacyRow;
  remainder: LegacyRow;
}

const lineOf = (legacyId: string, { row, remainder }: TakenRow): string =>
  `${canonicalize([legacyId, row, remainder])}\n`;

/** Of one row, hex. */
export const digestOfRow = (legacyId: string, taken: TakenRow): string =>
  createHash("sha256").update(lineOf(legacyId, taken)).digest("hex");

/** Of many rows, one after another in the order of their ids. */
export function createDigest(): { add(legacyId: string, taken: TakenRow): void; hex(): string } {
  const hash = createHash("sha256");
  return { add: (legacyId, taken) => void hash.update(lineOf(legacyId, taken)), hex: () => hash.copy().digest("hex") };
}
