import type { Transaction } from "@kombify/db";
import { imports } from "@kombify/db/schema";
import { and, eq, sql } from "drizzle-orm";
import type { Collection, WrittenRow } from "./collection.ts";
import { digestOfRow, type TakenRow } from "./digest.ts";
import { type ImportLine, type Origin, readLines, readOwners, readTaken } from "./import-lines.ts";
import type { LegacyRow } from "./legacy-fields.ts";
import type { Accepted } from "./read-legacy.ts";
import type { CollectionReport, RowNote } from "./report.ts";

export type BatchOutcome = Pick<CollectionReport, "imported" | "updated" | "unchanged" | "refused" | "kept"> & {
  /** Rows that are here now as they are there, in the order in which they came. */
  settled: Accepted[];
};

/** One row with all that is known of it here. */
interface Case {
  one: Accepted;
  line: ImportLine | undefined;
  found: TakenRow | undefined;
  ownerId: string | null;
}
type Verdict = { is: "new" | "changed" | "unchanged" } | { is: "kept" | "refused"; field: string; reason: string };

/** Decides what happens to a row. What staff did here is never undone by what was there before. */
function judge(collection: Collection, { one, line, found, ownerId }: Case): Verdict {
  if (line && !found) return { is: "kept", field: "id", reason: "was removed here" };
  const isSameThere = line?.digest === one.digest;
  if (line && found && digestOfRow(one.legacyId, found) !== line.digest)
    return {
      is: "kept",
      field: "id",
      reason: isSameThere ? "was changed here" : "was changed here, and there as well",
    };
  if (isSameThere) return { is: "unchanged" };
  if (collection.owner && ownerId === null) {
    const { field, collection: owning } = collection.owner;
    return { is: "refused", field, reason: `is ${one.row[field]}, which is none of the ${owning} that are here` };
  }
  if (!line) return { is: "new" };
  if (collection.update) return { is: "changed" };
  return { is: "refused", field: "id", reason: "has changed there, and what happened is never rewritten here" };
}

const isTaken = (error: unknown): boolean =>
  error instanceof Error && error.cause instanceof Error && "code" in error.cause && error.cause.code === "23505";

/** Writes new rows with their lines. @returns those whose unique field was free. */
async function insertNew(tx: Transaction, { source, collection, runId }: Origin, cases: Case[]): Promise<Case[]> {
  if (cases.length === 0) return [];
  const written: WrittenRow<LegacyRow>[] = cases.map(({ one: { row }, ownerId }) => ({
    ...{ id: collection.idOf(row), row, ownerId },
  }));
  const ids = new Set(await collection.insert(tx, written));
  const lines = cases.map(({ one: { legacyId, digest, remainder } }, index) => ({
    ...{ source, collection: collection.name, legacyId, targetId: written[index]?.id ?? "", digest, remainder, runId },
  }));
  const free = lines.filter((line) => ids.has(line.targetId));
  if (free.length > 0) await tx.insert(imports).values(free);
  return cases.filter((_, index) => ids.has(written[index]?.id ?? ""));
}

/** Brings one row and its line up to date. @returns whether its unique field was free. */
async function updateChanged(tx: Transaction, { source, collection, runId }: Origin, one: Case): Promise<boolean> {
  const { legacyId, digest, remainder, row } = one.one;
  const written = { id: one.line?.targetId ?? "", row, ownerId: one.ownerId };
  try {
    await tx.transaction(async (step) => collection.update?.(step, written));
  } catch (error) {
    if (isTaken(error)) return false;
    throw error;
  }
  await tx
    .update(imports)
    .set({ digest, remainder, runId, updatedAt: sql`now()` })
    .where(and(eq(imports.source, source), eq(imports.collection, collection.name), eq(imports.legacyId, legacyId)));
  return true;
}

/** Takes a batch over, in the caller's transaction. Doing it again changes nothing. */
export async function writeBatch(tx: Transaction, origin: Origin, accepted: Accepted[]): Promise<BatchOutcome> {
  const { collection, source } = origin;
  // One import at a time: what is looked up here stays true until the batch is committed.
  await tx.execute(sql`select pg_advisory_xact_lock(hashtext('kombify imports'))`);
  const ids = accepted.map(({ legacyId }) => legacyId);
  const lines = await readLines(tx, source, collection.name, ids);
  const found = await readTaken(tx, origin, lines.values());
  const rows = accepted.map(({ row }) => row);
  const owners = await readOwners(tx, origin, rows);
  const cases = accepted.map(
    (one): Case => ({
      ...{ one, line: lines.get(one.legacyId), found: found.get(one.legacyId) },
      ownerId: collection.owner ? (owners.get(String(one.row[collection.owner.field])) ?? null) : null,
    }),
  );

  const outcome: BatchOutcome = { imported: 0, updated: 0, unchanged: 0, refused: [], kept: [], settled: [] };
  const settled = new Set<Accepted>();
  const fresh: Case[] = [];
  const noteOf = ({ legacyId, names }: Accepted, field: string, reason: string): RowNote => ({
    ...{ id: legacyId, field: names[field] ?? field, reason },
  });
  const refuseTaken = ({ one }: Case) => {
    const field = collection.unique ?? "id";
    outcome.refused.push(noteOf(one, field, `is ${one.row[field]}, which another row here has already`));
  };
  for (const each of cases) {
    const verdict = judge(collection, each);
    if (verdict.is === "new") fresh.push(each);
    else if (verdict.is === "kept" || verdict.is === "refused")
      outcome[verdict.is].push(noteOf(each.one, verdict.field, verdict.reason));
    else if (verdict.is === "changed" && !(await updateChanged(tx, origin, each))) refuseTaken(each);
    else {
      outcome[verdict.is === "changed" ? "updated" : "unchanged"]++;
      settled.add(each.one);
    }
  }
  const written = new Set(await insertNew(tx, origin, fresh));
  for (const each of fresh)
    if (written.has(each)) settled.add(each.one);
    else refuseTaken(each);
  outcome.imported = written.size;
  outcome.settled = accepted.filter((one) => settled.has(one));
  return outcome;
}
