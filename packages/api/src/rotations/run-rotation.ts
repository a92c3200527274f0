/**
 * Carries a rotation out, step by step. What was done is in its row and nowhere else, so any worker goes on with it;
 * a lock that lives with the worker's connection keeps two from running a step at once.
 */
import { ServiceError } from "@kombify/agent-contract";
import { notifyChange, type Transaction } from "@kombify/db";
import { rotations } from "@kombify/db/schema";
import { eq, type InferSelectModel, sql } from "drizzle-orm";
import { recordAudit } from "../audit/record.ts";
import type { VerbContext } from "../context.ts";
import { ROTATIONS } from "./kinds.ts";
import type { Rotation, RotationRun, RotationStep, StepResult } from "./rotation.ts";
import { enqueueRotation } from "./service.ts";

type Row = InferSelectModel<typeof rotations>;
type StepRecord = Row["steps"][number];

/** The first try after a failure comes after so long, each further one after twice as long. Milliseconds. */
const FIRST_RETRY_MS = 10_000;
const LONGEST_RETRY_MS = 3_600_000;
/** How long one who came second stands aside. Milliseconds. */
const ASIDE_MS = 5_000;

const wait = (failures: number) => Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS);

const runOf = ({ id, startedAt, steps }: Row): RotationRun => ({
  id,
  startedAt,
  notes: Object.assign({}, ...steps.map(({ notes }) => notes)),
});

/** What is next in a rotation that has not ended. */
type Next = { row: Row; step: RotationStep } | { row: Row; step: "cancel" | "end" };

/** Marks the next step as begun, so that nobody cancels what has begun to be irrevocable. */
async function beginNext(tx: Transaction, id: string, kind: Rotation): Promise<Next | null> {
  const [row] = await tx.select().from(rotations).where(eq(rotations.id, id)).for("update");
  if (!row || row.finishedAt) return null;
  if (row.cancelledAt) return { row, step: "cancel" };
  const step = kind.steps.find(({ name }) => !row.steps.find((record) => record.name === name)?.finishedAt);
  if (!step) return { row, step: "end" };
  if (!row.steps.some(({ name }) => name === step.name)) {
    row.steps.push({ name: step.name, startedAt: new Date().toISOString() });
    await tx.update(rotations).set({ steps: row.steps }).where(eq(rotations.id, id));
    await notifyChange(tx, { noun: "rotations", id });
  }
  return { row, step };
}

/** Writes down how a step went. @param change what is different in its record; nobody else writes steps meanwhile. */
async function writeStep(
  ctx: VerbContext,
  { id, steps }: Row,
  name: string,
  change: (record: StepRecord) => StepRecord,
  error: string | null,
): Promise<void> {
  const changed = steps.map((record) => (record.name === name ? change(record) : record));
  await ctx.db.transaction(async (tx) => {
    await tx.update(rotations).set({ steps: changed, error }).where(eq(rotations.id, id));
    const retryAt = changed.find((record) => record.name === name)?.retryAt;
    if (retryAt) await enqueueRotation(tx, id, new Date(retryAt));
    await notifyChange(tx, { noun: "rotations", id });
  });
}

const finished = ({ retryAt: _, failures: __, ...record }: StepRecord, { detail, notes }: StepResult): StepRecord => ({
  ...record,
  ...(detail === undefined ? {} : { detail }),
  ...(notes === undefined ? {} : { notes }),
  finishedAt: new Date().toISOString(),
});

/** @returns whether the rotation goes on at once. */
async function runStep(ctx: VerbContext, row: Row, step: RotationStep): Promise<boolean> {
  let result: StepResult;
  try {
    result = await step.run(ctx, runOf(row));
  } catch (error) {
    ctx.request.log.error({ err: error, rotation: row.kind, step: step.name }, "a step of a rotation failed");
    const message = error instanceof Error ? error.message : String(error);
    const failed = (record: StepRecord): StepRecord => {
      const failures = (record.failures ?? 0) + 1;
      return { ...record, failures, detail: message, retryAt: new Date(Date.now() + wait(failures)).toISOString() };
    };
    await writeStep(ctx, row, step.name, failed, message);
    return false;
  }
  if (result.isDone) {
    await writeStep(ctx, row, step.name, (record) => finished(record, result), null);
    return true;
  }
  const { detail, notes, retryAfterMs } = result;
  const waiting = ({ failures: _, ...record }: StepRecord): StepRecord => ({
    ...record,
    detail,
    ...(notes === undefined ? {} : { notes }),
    retryAt: new Date(Date.now() + retryAfterMs).toISOString(),
  });
  await writeStep(ctx, row, step.name, waiting, null);
  return false;
}

async function isCancelled(ctx: VerbContext, id: string): Promise<boolean> {
  const [row] = await ctx.db.read<{ isCancelled: boolean }>(
    (sql) => sql`select cancelled_at is not null as "isCancelled" from rotations where id = ${id}`,
  );
  return row?.isCancelled ?? false;
}

/** @returns whether all is as it was before; else the rotation goes on. */
async function takeBack(ctx: VerbContext, row: Row, kind: Rotation): Promise<boolean> {
  try {
    await kind.cancel?.(ctx, runOf(row));
    return true;
  } catch (error) {
    if (!(error instanceof ServiceError && error.code === "PRECONDITION")) throw error;
    await ctx.db.transaction(async (tx) => {
      await tx.update(rotations).set({ cancelledAt: null }).where(eq(rotations.id, row.id));
      await recordAudit(tx, ctx, {
        action: "rotations.goOn",
        targetKind: "rotation",
        targetId: row.id,
        summary: `Could not take an exchange back, and goes on: ${kind.title}. ${error.message}`,
      });
    });
    return false;
  }
}

async function end(ctx: VerbContext, row: Row, kind: Rotation): Promise<void> {
  const isTakenBack = row.cancelledAt !== null;
  await ctx.db.transaction(async (tx) => {
    await tx.update(rotations).set({ finishedAt: new Date(), error: null }).where(eq(rotations.id, row.id));
    await recordAudit(tx, ctx, {
      action: "rotations.finish",
      targetKind: "rotation",
      targetId: row.id,
      summary: isTakenBack ? `Took an exchange back: ${kind.title}` : `Exchanged: ${kind.title}`,
    });
    await notifyChange(tx, { noun: "rotations", id: row.id });
  });
}

/**
 * Goes on with a rotation until it ends or a step waits; then the queue calls again.
 * @returns false when another worker is at it.
 */
export function runRotation(
  ctx: VerbContext,
  input: { id: string },
  kinds: readonly Rotation[] = ROTATIONS,
): Promise<boolean> {
  // The lock is the transaction's: it goes with the connection, so a worker that is killed holds nobody up.
  return ctx.db.transaction(async (lock) => {
    const [held] = await lock.execute<{ isOurs: boolean }>(
      sql`select pg_try_advisory_xact_lock(hashtext('kombify rotation'), hashtext(${input.id})) as "isOurs"`,
    );
    if (!held?.isOurs) {
      // Whoever is at it may have looked for a cancellation just before there was one.
      await enqueueRotation(lock, input.id, new Date(Date.now() + ASIDE_MS));
      return false;
    }
    const [known] = await lock.select({ kind: rotations.kind }).from(rotations).where(eq(rotations.id, input.id));
    const kind = kinds.find((one) => one.kind === known?.kind);
    // A kind that a newer version knows is left to its worker.
    if (!kind) return true;
    for (;;) {
      const next = await ctx.db.transaction((tx) => beginNext(tx, input.id, kind));
      if (!next) return true;
      if (typeof next.step === "string") {
        if (next.step === "cancel" && !(await takeBack(ctx, next.row, kind))) continue;
        await end(ctx, next.row, kind);
        return true;
      }
      if (!(await runStep(ctx, next.row, next.step)) && !(await isCancelled(ctx, input.id))) return true;
    }
  });
}
