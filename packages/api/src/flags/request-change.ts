/**
 * The door for every change of a flag: a sensitive flag's waits for a second person, a scheduled one for its time, any other
 * is made at once. Owns `flag_changes` together with decide-change.ts. What waits was tried before, so that nobody is asked
 * to approve what could not be made.
 */
import { ServiceError } from "@kombify/agent-contract";
import { newId, notifyChange, type Transaction } from "@kombify/db";
import { flagChanges, flags } from "@kombify/db/schema";
import { eq } from "drizzle-orm";
import type { UserContext } from "../context.ts";
import { applyChange, type FlagChangeRequest, lockFlags } from "./apply-change.ts";
import { enqueueScheduledChange } from "./apply-scheduled-change.ts";
import { needsApproval } from "./approval.ts";
import { auditChange } from "./carry-out-change.ts";
import { readFlagChange } from "./change-views.ts";
import { findFlag } from "./get-flag.ts";
import type { FlagOutcomeView } from "./schemas.ts";

const LONGEST_WAIT_MS = 366 * 86_400_000;

function checkSchedule(scheduledAt: Date): void {
  const away = scheduledAt.getTime() - Date.now();
  const refuse = (message: string, words: string) =>
    new ServiceError("INVALID", message, { fields: [{ path: "scheduledAt", message: words }] });
  if (away <= 0)
    throw refuse(
      `${scheduledAt.toISOString()} has passed. Choose a time to come, or none to make the change now.`,
      "Choose a time to come.",
    );
  if (away > LONGEST_WAIT_MS)
    throw refuse(
      `${scheduledAt.toISOString()} is more than a year away. Choose an earlier time.`,
      "Choose a time within a year.",
    );
}

const stateOf = async (tx: Transaction, key: string) =>
  (
    await tx.select({ version: flags.version, isSensitive: flags.isSensitive }).from(flags).where(eq(flags.key, key))
  )[0];

/** Makes the change and takes it back. @returns whether it would change anything. @throws ServiceError as applyChange does */
async function tryOut(tx: Transaction, ctx: UserContext, change: FlagChangeRequest): Promise<boolean> {
  const before = await stateOf(tx, change.flagKey);
  let after: typeof before;
  const takenBack = new Error("A change was tried out.");
  try {
    await tx.transaction(async (inner) => {
      await applyChange(inner, ctx, change);
      after = await stateOf(inner, change.flagKey);
      throw takenBack;
    });
  } catch (error) {
    if (error !== takenBack) throw error;
  }
  return before?.version !== after?.version;
}

/** @returns the id of the change that waits; null when it is made already, or would change nothing. */
async function takeChange(tx: Transaction, ctx: UserContext, change: FlagChangeRequest, scheduledAt: Date | null) {
  // Nobody makes a flag sensitive between this look and the change.
  await lockFlags(tx);
  const before = await stateOf(tx, change.flagKey);
  const isHeldUp = needsApproval(change, before?.isSensitive ?? false);
  if (!isHeldUp && !scheduledAt) {
    await applyChange(tx, ctx, change);
    return null;
  }
  if (!(await tryOut(tx, ctx, change))) return null;
  const id = newId();
  const { kind, flagKey, baseVersion, proposal, note } = change;
  await tx.insert(flagChanges).values({
    ...{ id, kind, flagKey, baseVersion, proposal, note, scheduledAt },
    needsApproval: isHeldUp,
    state: isHeldUp ? "waiting_for_approval" : "scheduled",
    requestedBy: ctx.session.user.id,
    requestedByName: ctx.actor.name,
  });
  if (scheduledAt && !isHeldUp) await enqueueScheduledChange(tx, id, scheduledAt);
  const when = scheduledAt ? `, to be made at ${scheduledAt.toISOString()}` : "";
  const what = isHeldUp ? `Asked for a change of ${flagKey}` : `Scheduled a change of ${flagKey}`;
  await auditChange(tx, ctx, change, "request", `${what} (${kind})${when}`);
  await notifyChange(tx, { noun: "flag-changes", id });
  return id;
}

/**
 * Makes a change, or keeps it until it may be made.
 * @param options.scheduledAt not before then; when it has passed before somebody approves, the change is made then.
 * @throws ServiceError INVALID for a time that has passed or is more than a year away; CONFLICT, NOT_FOUND, PRECONDITION or
 * INVALID when the change cannot be made as things are.
 */
export async function requestChange(
  ctx: UserContext,
  change: FlagChangeRequest,
  { scheduledAt }: { scheduledAt: Date | null },
): Promise<FlagOutcomeView> {
  if (scheduledAt) checkSchedule(scheduledAt);
  const id = await ctx.db.transaction((tx) => takeChange(tx, ctx, change, scheduledAt));
  const [flag, waiting] = await Promise.all([
    findFlag(ctx, change.flagKey),
    id === null ? null : readFlagChange(ctx, id),
  ]);
  const outcome = waiting === null ? "saved" : waiting.needsApproval ? "waiting_for_approval" : "scheduled";
  return { outcome, flag, change: waiting };
}
