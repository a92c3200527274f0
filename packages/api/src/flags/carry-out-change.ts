/** What becomes of a change of which nothing is waited for any more. */
import { ServiceError } from "@kombify/agent-contract";
import { notifyChange, type Transaction } from "@kombify/db";
import { flagChanges } from "@kombify/db/schema";
import { eq, type InferSelectModel } from "drizzle-orm";
import { recordAudit } from "../audit/record.ts";
import type { Actor, VerbContext } from "../context.ts";
import { applyChange } from "./apply-change.ts";

export type ChangeRow = InferSelectModel<typeof flagChanges>;

/** Writes down what became of a change, and says so. */
export async function writeChange(tx: Transaction, id: ChangeRow["id"], written: Partial<ChangeRow>): Promise<void> {
  await tx.update(flagChanges).set(written).where(eq(flagChanges.id, id));
  await notifyChange(tx, { noun: "flag-changes", id });
}

/** Writes a line about a change into the trail. */
export const auditChange = (
  tx: Transaction,
  ctx: Pick<VerbContext, "actor" | "request">,
  change: Pick<ChangeRow, "flagKey">,
  verb: "request" | "approve" | "reject" | "cancel" | "fail",
  summary: string,
): Promise<void> =>
  recordAudit(tx, ctx, { action: `flags.${verb}Change`, targetKind: "flag", targetId: change.flagKey, summary });

/**
 * Makes the change, or writes down why it cannot be made: then nothing of it is. The history names the one who asked for it
 * and the one who approved. The caller holds the row's lock.
 * @param change with its decision, if it needed one.
 * @returns why it failed; null when it is made.
 */
export async function carryOut(tx: Transaction, ctx: VerbContext, change: ChangeRow): Promise<ServiceError | null> {
  const { id, flagKey, kind, baseVersion, proposal, note, requestedBy, requestedByName } = change;
  const decision = { decidedBy: change.decidedBy, decidedByName: change.decidedByName, decidedAt: change.decidedAt };
  const requester: Actor = { kind: "staff", id: requestedBy, name: requestedByName };
  try {
    await tx.transaction((inner) =>
      applyChange(
        inner,
        { ...ctx, actor: requester },
        { kind, flagKey, baseVersion, proposal, note, approvedByName: change.decidedByName },
      ),
    );
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    await writeChange(tx, id, { ...decision, state: "failed", reason: error.message, finishedAt: new Date() });
    await auditChange(
      tx,
      ctx,
      change,
      "fail",
      `A change of ${flagKey} that ${requestedByName} asked for could not be made: ${error.message}`,
    );
    return error;
  }
  await writeChange(tx, id, { ...decision, state: "applied", finishedAt: new Date() });
  return null;
}
