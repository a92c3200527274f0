/** What people do with changes that wait: approve, reject, take back. */
import { ServiceError } from "@kombify/agent-contract";
import type { FlagChangeId, Transaction } from "@kombify/db";
import { flagChanges } from "@kombify/db/schema";
import { eq } from "drizzle-orm";
import type { UserContext } from "../context.ts";
import { enqueueScheduledChange } from "./apply-scheduled-change.ts";
import { auditChange, type ChangeRow, carryOut, writeChange } from "./carry-out-change.ts";
import { readFlagChange } from "./change-views.ts";
import { findFlag } from "./get-flag.ts";
import type { FlagChangeView, FlagOutcomeView } from "./schemas.ts";

const STATES: Record<ChangeRow["state"], string> = {
  waiting_for_approval: "waits for somebody's approval",
  scheduled: "is approved and waits for its time",
  applied: "is made already",
  rejected: "was rejected",
  cancelled: "was taken back",
  failed: "could not be made",
};

/** The change, while nobody else decides about it. @throws ServiceError NOT_FOUND, PRECONDITION when it waits for nothing of that. */
async function lockChange(tx: Transaction, id: string, states: ChangeRow["state"][]): Promise<ChangeRow> {
  const [change] = await tx
    .select()
    .from(flagChanges)
    .where(eq(flagChanges.id, id as FlagChangeId))
    .for("update");
  if (!change) throw new ServiceError("NOT_FOUND", "There is no such change.");
  if (!states.includes(change.state)) {
    const by = change.decidedByName && change.state !== "waiting_for_approval" ? ` (${change.decidedByName})` : "";
    throw new ServiceError("PRECONDITION", `This change of ${change.flagKey} ${STATES[change.state]}${by}.`);
  }
  return change;
}

const decisionOf = (ctx: UserContext) => ({
  decidedBy: ctx.session.user.id,
  decidedByName: ctx.actor.name,
  decidedAt: new Date(),
});

/** @throws ServiceError FORBIDDEN when the caller asked for it. */
function refuseOwn(ctx: UserContext, change: ChangeRow, words: string): void {
  if (change.requestedBy === ctx.session.user.id)
    throw new ServiceError("FORBIDDEN", `You asked for this change of ${change.flagKey} yourself. ${words}`);
}

/**
 * Approves what somebody else asked for. It is made in the same transaction, or at its time if that is still to come.
 * @throws ServiceError NOT_FOUND, FORBIDDEN for one's own, PRECONDITION when it does not wait for approval; what the change
 * itself is refused with, when it cannot be made any more: then it has failed, and its row says why.
 */
export async function approveFlagChange(ctx: UserContext, { id }: { id: string }): Promise<FlagOutcomeView> {
  const refusal = await ctx.db.transaction(async (tx) => {
    const change = { ...(await lockChange(tx, id, ["waiting_for_approval"])), ...decisionOf(ctx) };
    refuseOwn(ctx, change, "Somebody else has to approve it.");
    const { flagKey, scheduledAt, requestedByName } = change;
    await auditChange(tx, ctx, change, "approve", `Approved a change of ${flagKey} that ${requestedByName} asked for`);
    if (!scheduledAt || scheduledAt.getTime() <= Date.now()) return carryOut(tx, ctx, change);
    await writeChange(tx, change.id, { ...decisionOf(ctx), state: "scheduled" });
    await enqueueScheduledChange(tx, change.id, scheduledAt);
    return null;
  });
  if (refusal) throw refusal;
  const change = await readFlagChange(ctx, id);
  const outcome = change.state === "scheduled" ? "scheduled" : "saved";
  return { outcome, flag: await findFlag(ctx, change.flagKey), change };
}

/** @throws ServiceError NOT_FOUND, FORBIDDEN for one's own, PRECONDITION when it does not wait for approval. */
export async function rejectFlagChange(
  ctx: UserContext,
  { id, reason }: { id: string; reason: string },
): Promise<FlagChangeView> {
  await ctx.db.transaction(async (tx) => {
    const change = await lockChange(tx, id, ["waiting_for_approval"]);
    refuseOwn(ctx, change, "Take it back instead.");
    await writeChange(tx, change.id, { ...decisionOf(ctx), state: "rejected", reason, finishedAt: new Date() });
    const { flagKey, requestedByName } = change;
    const summary = `Rejected a change of ${flagKey} that ${requestedByName} asked for: ${reason}`;
    await auditChange(tx, ctx, change, "reject", summary);
  });
  return readFlagChange(ctx, id);
}

/** Takes back what has not happened yet, whoever asked for it. @throws ServiceError NOT_FOUND, PRECONDITION when it has ended. */
export async function cancelFlagChange(ctx: UserContext, { id }: { id: string }): Promise<FlagChangeView> {
  await ctx.db.transaction(async (tx) => {
    const change = await lockChange(tx, id, ["waiting_for_approval", "scheduled"]);
    // Who approved it stays in its row. The job that is there already finds nothing to do.
    const reason = change.requestedBy === ctx.session.user.id ? "" : `Taken back by ${ctx.actor.name}`;
    await writeChange(tx, change.id, { state: "cancelled", reason, finishedAt: new Date() });
    const summary = `Took back a change of ${change.flagKey} that ${change.requestedByName} asked for`;
    await auditChange(tx, ctx, change, "cancel", summary);
  });
  return readFlagChange(ctx, id);
}
