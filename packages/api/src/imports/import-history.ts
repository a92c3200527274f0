/**
 * Brings what another Admin center wrote down into our tables. Owns the lines of `imports`. Never places anything, never
 * rewrites the trail, never undoes what staff did here, and never says "done" without having read back what it wrote.
 */
import { newId, type Transaction } from "@kombify/db";
import { recordAudit } from "../audit/record.ts";
import type { VerbContext } from "../context.ts";
import type { Collection, CollectionName } from "./collection.ts";
import { auditEventCollection } from "./collections/audit-events.ts";
import { flagCollection } from "./collections/flags.ts";
import { healthCheckCollection } from "./collections/health-checks.ts";
import { instanceCollection } from "./collections/instances.ts";
import { toolCollection } from "./collections/tools.ts";
import { createDigest, digestOfRow } from "./digest.ts";
import { readLines, readTaken } from "./import-lines.ts";
import type { LegacyRow } from "./legacy-fields.ts";
import { readBatch } from "./read-legacy.ts";
import { type CollectionReport, count, emptyReport, type ImportReport } from "./report.ts";
import { writeBatch } from "./write-batch.ts";

/** Owners before what belongs to them. */
const COLLECTIONS: readonly Collection[] = [
  toolCollection,
  instanceCollection,
  healthCheckCollection,
  flagCollection,
  auditEventCollection,
];

/** Another system, as far as an import reads it. */
export interface LegacySource {
  /** Names of the collections there are. */
  collections(): Promise<string[]>;
  /** All rows of one, in ascending order of their ids, in batches of at most some hundreds. */
  read(collection: string): AsyncIterable<LegacyRow[]>;
}

export interface ImportInput {
  /** The operator's name for the system; rows are known again by it. */
  source: string;
  from: LegacySource;
  /** Does everything and rolls it back. */
  isDryRun?: boolean;
  /** Stops between two batches; what was taken stays, and the next run goes on from there. */
  signal?: AbortSignal;
  /** Told after each batch. */
  onProgress?: (collection: CollectionName, report: CollectionReport) => void;
}

interface Run extends ImportInput {
  ctx: VerbContext;
  runId: string;
  isRecorded: boolean;
  /** One transaction for each call; in a dry run, all within one that is rolled back. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
}

async function takeBatch(run: Run, collection: Collection, rows: LegacyRow[], report: CollectionReport) {
  const origin = { source: run.source, collection, runId: run.runId };
  const accepted = readBatch(collection, rows, report);
  if (accepted.length === 0) return [];
  const outcome = await run.transaction(async (tx) => {
    const taken = await writeBatch(tx, origin, accepted);
    const isFirstWrite = !run.isRecorded && taken.imported + taken.updated > 0;
    if (isFirstWrite)
      await recordAudit(tx, run.ctx, {
        action: "imports.run",
        targetKind: "import",
        targetId: run.runId,
        summary: `Imported the history of ${run.source}`,
      });
    return { ...taken, isFirstWrite };
  });
  if (outcome.isFirstWrite) run.isRecorded = true;
  for (const key of ["imported", "updated", "unchanged"] as const) report[key] += outcome[key];
  for (const key of ["refused", "kept"] as const) report[key].push(...outcome[key]);
  return outcome.settled;
}

/** Takes one collection over, and reads every batch back once it is written. */
async function takeCollection(run: Run, collection: Collection, foundAs: string, report: CollectionReport) {
  const origin = { source: run.source, collection, runId: run.runId };
  const there = createDigest();
  const here = createDigest();
  report.foundAs = foundAs;
  let last = "";
  for await (const rows of run.from.read(foundAs)) {
    if (run.signal?.aborted) return;
    const settled = await takeBatch(run, collection, rows, report);
    const held = await run.transaction(async (tx) => {
      const ids = settled.map(({ legacyId }) => legacyId);
      const lines = await readLines(tx, run.source, collection.name, ids);
      return readTaken(tx, origin, lines.values());
    });
    for (const one of settled) {
      if (one.legacyId <= last) throw new Error(`The rows of ${foundAs} do not come in the order of their ids.`);
      last = one.legacyId;
      there.add(one.legacyId, one);
      report.counts.accepted++;
      count(report.leftBehind, one.credentials);
      count(report.besides, Object.keys(one.remainder));
      const taken = held.get(one.legacyId);
      if (taken) {
        here.add(one.legacyId, taken);
        report.counts.readBack++;
      }
      if (!taken || digestOfRow(one.legacyId, taken) !== one.digest) report.differing.push(one.legacyId);
    }
    report.sourceDigest = there.hex();
    report.targetDigest = here.hex();
    run.onProgress?.(collection.name, report);
  }
}

async function takeAll(run: Run): Promise<ImportReport> {
  const names = await run.from.collections();
  const byName = new Map(names.map((name) => [name.toLowerCase(), name]));
  const reports = {} as Record<CollectionName, CollectionReport>;
  for (const collection of COLLECTIONS) {
    const report = emptyReport();
    reports[collection.name] = report;
    const foundAs = collection.calledThere.map((name) => byName.get(name)).find((name) => name !== undefined);
    if (foundAs !== undefined && !run.signal?.aborted) await takeCollection(run, collection, foundAs, report);
    report.refused.sort((a, b) => (a.id < b.id ? -1 : 1));
  }
  return {
    source: run.source,
    isDryRun: run.isDryRun ?? false,
    isComplete: !run.signal?.aborted,
    isIntact: Object.values(reports).every(
      ({ sourceDigest, targetDigest, counts }) => sourceDigest === targetDigest && counts.accepted === counts.readBack,
    ),
    collections: reports,
  };
}

/** Carries the report out of the transaction that must not be committed. */
class DryRunOver extends Error {
  readonly report: ImportReport;
  constructor(report: ImportReport) {
    super("dry run");
    this.report = report;
  }
}

/**
 * Takes tools, instances, health checks, flags and the audit trail of another Admin center over, as the system. Rows that
 * cannot be taken are named in the report with the reason; running again changes nothing that has not changed there.
 */
export async function importHistory(ctx: VerbContext, input: ImportInput): Promise<ImportReport> {
  const begun = { ...input, ctx, runId: newId(), isRecorded: false };
  if (!input.isDryRun) return takeAll({ ...begun, transaction: (work) => ctx.db.transaction(work) });
  try {
    return await ctx.db.transaction(async (tx) => {
      throw new DryRunOver(await takeAll({ ...begun, transaction: (work) => work(tx) }));
    });
  } catch (error) {
    if (error instanceof DryRunOver) return error.report;
    throw error;
  }
}
