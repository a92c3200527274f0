import { enqueueJob, type FlagChangeId, type Transaction } from "@kombify/db";
import { flagChanges } from "@kombify/db/schema";
import { and, eq, lt, sql } from "drizzle-orm";
import type { VerbContext } from "../context.ts";
import { carryOut } from "./carry-out-change.ts";

/** The job that makes a change at its time; one of a change waits at a time. */
export const enqueueScheduledChange = (tx: Transaction, id: FlagChangeId, runAt: Date): Promise<void> =>
  enqueueJob(tx, "apply-flag-change", { id }, { key: `flag-change ${id}`, runAt });

/**
 * Job `apply-flag-change`: makes a change whose time has come. It is made once, however often the job runs and wherever; one
 * that was taken back meanwhile is left alone, and one that cannot be made says why in its row.
 */
export const applyScheduledChange = (ctx: VerbContext, id: FlagChangeId): Promise<void> =>
  ctx.db.transaction(async (tx) => {
    const [change] = await tx
      .select()
      .from(flagChanges)
      .where(and(eq(flagChanges.id, id), eq(flagChanges.state, "scheduled")))
      .for("update");
    if (!change) return;
    const refusal = await carryOut(tx, ctx, change);
    const { log } = ctx.request;
    if (refusal) log.warn({ change: id, flag: change.flagKey }, "a scheduled change of a flag could not be made");
    else log.info({ change: id, flag: change.flagKey }, "a scheduled change of a flag was made");
  });

/**
 * Calls again for changes whose time has passed: a worker that was killed keeps its job for hours. A job that runs meanwhile
 * is in nobody's way, because the change is made once.
 */
export const callLateChanges = (ctx: VerbContext): Promise<void> =>
  ctx.db.transaction(async (tx) => {
    const late = await tx
      .select({ id: flagChanges.id })
      .from(flagChanges)
      .where(and(eq(flagChanges.state, "scheduled"), lt(flagChanges.scheduledAt, sql`now()`)));
    for (const { id } of late) await enqueueScheduledChange(tx, id, new Date());
  });
