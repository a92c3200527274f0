/** What an import says of itself. Plain JSON. */
import type { CollectionName } from "./collection.ts";

export interface RowNote {
  /** The row's id there. */
  id: string;
  /** The field, as it is called there. */
  field: string;
  /** Continues a sentence that begins with the field. */
  reason: string;
}

export interface CollectionReport {
  /** What it is called there; null when there is none. */
  foundAs: string | null;
  read: number;
  imported: number;
  updated: number;
  unchanged: number;
  /** Rows that could not be taken. */
  refused: RowNote[];
  /** Rows that were taken earlier and changed or removed here since: ours stay as they are. */
  kept: RowNote[];
  /** How often a field was left behind because it is a credential, by its path. */
  leftBehind: Record<string, number>;
  /** Fields without a column, kept beside the row, by how often. */
  besides: Record<string, number>;
  /** sha256, hex, over the accepted rows in the order of their ids: as they were read there, and read back here. */
  sourceDigest: string;
  targetDigest: string;
  counts: { accepted: number; readBack: number };
  /** Ids of rows that came back otherwise than they were read. */
  differing: string[];
}

export interface ImportReport {
  source: string;
  isDryRun: boolean;
  /** False when it was stopped before the last row. */
  isComplete: boolean;
  /** Whether every accepted row was read back as it was read there. */
  isIntact: boolean;
  collections: Record<CollectionName, CollectionReport>;
}

/** Counts how often names occur. */
export function count(counts: Record<string, number>, names: readonly string[]): void {
  for (const name of names) counts[name] = (Object.hasOwn(counts, name) ? (counts[name] ?? 0) : 0) + 1;
}

/** A report of nothing yet. */
export const emptyReport = (): CollectionReport => ({
  ...{ foundAs: null, read: 0, imported: 0, updated: 0, unchanged: 0, refused: [], kept: [] },
  ...{ leftBehind: {}, besides: {}, sourceDigest: "", targetDigest: "", differing: [] },
  counts: { accepted: 0, readBack: 0 },
});
