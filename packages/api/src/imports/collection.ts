/** What a kind of old row is here: how it is read, written and read back. One file each in collections/. */
import type { Transaction } from "@kombify/db";
import type { z } from "zod";
import type { LegacyRow, Spellings } from "./legacy-fields.ts";

export type CollectionName = "tools" | "instances" | "health_checks" | "flags" | "audit_events";

export interface WrittenRow<Row> {
  /** Its id here. */
  id: string;
  row: Row;
  /** The id here of the row that it belongs to. */
  ownerId: string | null;
}

export interface Collection<Row extends LegacyRow = LegacyRow> {
  readonly name: CollectionName;
  /** What the collection may be called there, best first. */
  readonly calledThere: readonly string[];
  readonly spellings: Spellings;
  /** Fields whose own words are kept among what is left over, because ours say less. */
  readonly keptAsWell: readonly string[];
  /** From the fields under our names to a row of plain JSON: the same again when it is read back. */
  readonly schema: z.ZodType<Row>;
  /** The field that no two rows share here. */
  readonly unique: string | null;
  /** The field that holds the legacy id of the row that it belongs to, and in which collection that is. */
  readonly owner: { field: string; collection: CollectionName } | null;
  /** The new id; those of what happened at a time are ordered by it. */
  idOf(row: Row): string;
  /** Writes new rows. @returns the ids that were written; a row whose unique field is taken is passed over. */
  insert(tx: Transaction, rows: WrittenRow<Row>[]): Promise<string[]>;
  /** Brings a row up to date; absent where rows are never rewritten. */
  update?(tx: Transaction, written: WrittenRow<Row>): Promise<void>;
  /** What the tables hold now, in the same words. `legacyIdOf` translates the id of an owner back. */
  readBack(tx: Transaction, ids: string[], legacyIdOf: LegacyIdOf): Promise<Map<string, Row>>;
}

/** The legacy id behind an id here; an id that was not imported gives an empty text. */
export type LegacyIdOf = (id: string) => string;
