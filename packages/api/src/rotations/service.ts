/**
 * Rotations as staff and the schedule begin and stop them. Owns `rotations` and `rotation_policies`. At most one of a
 * kind is under way; what a rotation does is in its steps, which run-rotation.ts carries out.
 */
import { ServiceError } from "@kombify/agent-contract";
import { enqueueJob, newId, notifyChange, type Transaction } from "@kombify/db";
import { rotationPolicies, rotations } from "@kombify/db/schema";
import { and, eq, isNull, sql } from "drizzle-orm";
import type { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import type { VerbContext } from "../context.ts";
import { kindOf, ROTATIONS } from "./kinds.ts";
import type { Rotation } from "./rotation.ts";
import type { RotationKind, setPolicyInput } from "./schemas.ts";

/** The job that goes on with a rotation; one of a key waits at a time. */
export const enqueueRotation = (tx: Transaction, id: string, runAt?: Date): Promise<void> =>
  enqueueJob(tx, "rotate", { id }, { key: `rotate ${id}`, ...(runAt ? { runAt } : {}) });

/** The rotation of a kind that is under way, if there is one. Holds others who begin one back until the end of `tx`. */
export async function findRunning(
  tx: Transaction,
  kind: RotationKind,
): Promise<{ id: string; startedAt: Date } | null> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtext('kombify rotation of a kind'), hashtext(${kind}))`);
  const [running] = await tx
    .select({ id: rotations.id, startedAt: rotations.startedAt })
    .from(rotations)
    .where(and(eq(rotations.kind, kind), isNull(rotations.finishedAt)));
  return running ?? null;
}

/** Begins one inside of a transaction that has asked {@link findRunning}. */
export async function insertRotation(tx: Transaction, ctx: VerbContext, kind: Rotation): Promise<string> {
  const id = newId();
  const requestedBy = ctx.actor.kind === "staff" ? ctx.actor.id : null;
  await tx.insert(rotations).values({ id, kind: kind.kind, requestedBy, steps: [] });
  await enqueueRotation(tx, id);
  await recordAudit(tx, ctx, {
    action: "rotations.start",
    targetKind: "rotation",
    targetId: id,
    summary: `Began to exchange: ${kind.title}`,
  });
  await notifyChange(tx, { noun: "rotations", id });
  return id;
}

/**
 * Begins a rotation; the worker carries it out.
 * @throws ServiceError CONFLICT while one of the kind is under way.
 */
export function startRotation(
  ctx: VerbContext,
  input: { kind: RotationKind },
  kinds: readonly Rotation[] = ROTATIONS,
): Promise<{ id: string }> {
  const kind = kindOf(input.kind, kinds);
  return ctx.db.transaction(async (tx) => {
    const running = await findRunning(tx, kind.kind);
    if (running)
      throw new ServiceError(
        "CONFLICT",
        `${kind.title}: an exchange is under way since ${running.startedAt.toISOString()} (${running.id}). Wait for it, or cancel it.`,
      );
    return { id: await insertRotation(tx, ctx, kind) };
  });
}

/** Why a rotation cannot be cancelled now; null when it can. */
export function cancelRefusal(kind: Rotation | undefined, begun: readonly { name: string }[]): string | null {
  const passed = kind?.steps.find(
    (step) => step.noReturn !== undefined && begun.some(({ name }) => name === step.name),
  );
  return passed?.noReturn ?? null;
}

/**
 * Stops a rotation where everything that was good before is good again. Saying it twice changes nothing.
 * @throws ServiceError NOT_FOUND, PRECONDITION when it has ended or is past the step from which there is no way back.
 */
export async function cancelRotation(
  ctx: VerbContext,
  input: { id: string },
  kinds: readonly Rotation[] = ROTATIONS,
): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    // A step is marked as begun under the same lock, so none begins between this look and the mark.
    const [row] = await tx.select().from(rotations).where(eq(rotations.id, input.id)).for("update");
    if (!row) throw new ServiceError("NOT_FOUND", "There is no such rotation.");
    if (row.finishedAt) throw new ServiceError("PRECONDITION", "This rotation has ended. There is nothing to cancel.");
    if (row.cancelledAt) return;
    const kind = kinds.find((one) => one.kind === row.kind);
    const refusal = cancelRefusal(kind, row.steps);
    if (refusal) throw new ServiceError("PRECONDITION", `It cannot be cancelled any more: ${refusal}`);
    await tx.update(rotations).set({ cancelledAt: new Date() }).where(eq(rotations.id, input.id));
    await enqueueRotation(tx, input.id);
    await recordAudit(tx, ctx, {
      action: "rotations.cancel",
      targetKind: "rotation",
      targetId: input.id,
      summary: `Cancelled an exchange: ${kind?.title ?? row.kind}`,
    });
    await notifyChange(tx, { noun: "rotations", id: input.id });
  });
}

/** Sets how often a kind is exchanged. */
export async function setPolicy(ctx: VerbContext, input: z.output<typeof setPolicyInput>): Promise<void> {
  const { kind, everyDays } = input;
  const { title } = kindOf(kind);
  await ctx.db.transaction(async (tx) => {
    await tx
      .insert(rotationPolicies)
      .values({ kind, everyDays, updatedAt: new Date() })
      .onConflictDoUpdate({ target: rotationPolicies.kind, set: { everyDays, updatedAt: new Date() } });
    await recordAudit(tx, ctx, {
      action: "rotations.setPolicy",
      targetKind: "rotation",
      targetId: kind,
      summary: `${title}: ${everyDays === null ? "exchanged by command only" : `exchanged every ${everyDays} days`}`,
    });
    await notifyChange(tx, { noun: "rotations", id: kind });
  });
}
