/** The lines of `imports`: which row here each legacy row became, and what the tables hold of it now. */
import type { Transaction } from "@kombify/db";
import { imports } from "@kombify/db/schema";
import { and, eq, inArray, sql } from "drizzle-orm";
import type { Collection, CollectionName } from "./collection.ts";
import type { TakenRow } from "./digest.ts";
import type { LegacyRow } from "./legacy-fields.ts";

/** Where rows of one collection come from; `runId` is what new lines are written under. */
export interface Origin {
  source: string;
  collection: Collection;
  runId: string;
}
export type ImportLine = typeof imports.$inferSelect;

/** The lines of these legacy rows, by legacy id. */
export async function readLines(
  tx: Transaction,
  source: string,
  collection: CollectionName,
  legacyIds: string[],
): Promise<Map<string, ImportLine>> {
  if (legacyIds.length === 0) return new Map();
  const ofThese = and(
    eq(imports.source, source),
    eq(imports.collection, collection),
    inArray(imports.legacyId, legacyIds),
  );
  const lines = await tx.select().from(imports).where(ofThese);
  return new Map(lines.map((line) => [line.legacyId, line]));
}

/** Ids here of the rows that these belong to, by legacy id; one that was removed here is not among them. */
export async function readOwners(
  tx: Transaction,
  { source, collection: { owner } }: Origin,
  rows: LegacyRow[],
): Promise<Map<string, string>> {
  if (!owner) return new Map();
  const lines = await readLines(tx, source, owner.collection, [
    ...new Set(rows.map((row) => String(row[owner.field]))),
  ]);
  const targets = [...lines.values()].map((line) => line.targetId);
  if (targets.length === 0) return new Map();
  const there = await tx.execute<{ id: string }>(
    sql`select id from ${sql.identifier(owner.collection)} where id in ${targets}`,
  );
  const living = new Set(there.map(({ id }) => id));
  return new Map([...lines.values()].filter((line) => living.has(line.targetId)).map((l) => [l.legacyId, l.targetId]));
}

/** What the tables hold now of rows that were taken over, by legacy id. A row that is gone is not among them. */
export async function readTaken(
  tx: Transaction,
  { source, collection }: Origin,
  lines: Iterable<ImportLine>,
): Promise<Map<string, TakenRow>> {
  const known = [...lines];
  if (known.length === 0) return new Map();
  const owners = new Map<string, string>();
  if (collection.owner) {
    const ofOwners = and(eq(imports.source, source), eq(imports.collection, collection.owner.collection));
    const { legacyId, targetId } = imports;
    for (const line of await tx.select({ legacyId, targetId }).from(imports).where(ofOwners))
      owners.set(line.targetId, line.legacyId);
  }
  const ids = known.map((line) => line.targetId);
  const rows = await collection.readBack(tx, ids, (id) => owners.get(id) ?? "");
  return new Map(
    known.flatMap(({ legacyId, targetId, remainder }) => {
      const row = rows.get(targetId);
      return row ? [[legacyId, { row, remainder }] as const] : [];
    }),
  );
}
