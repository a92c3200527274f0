/** Begins what is due, and calls again for what a worker that died left behind. Looking twice changes nothing. */
import type { Transaction } from "@kombify/db";
import { rotationPolicies, rotations } from "@kombify/db/schema";
import { and, eq, gt, isNull, sql } from "drizzle-orm";
import type { VerbContext } from "../context.ts";
import { ROTATIONS } from "./kinds.ts";
import type { Rotation } from "./rotation.ts";
import { enqueueRotation, findRunning, insertRotation } from "./service.ts";

/** How often a worker looks. Milliseconds. */
export const ROTATION_LOOK_MS = 120_000;
const DAY_MS = 86_400_000;

/** Days between two, by kind: what staff have set, else the kind's own. */
export async function readPolicies(ctx: VerbContext, kinds: readonly Rotation[]): Promise<Map<string, number | null>> {
  const rows = await ctx.db.transaction((tx) => tx.select().from(rotationPolicies));
  const set = new Map(rows.map(({ kind, everyDays }) => [kind, everyDays]));
  return new Map(kinds.map(({ kind, everyDays }) => [kind, set.has(kind) ? (set.get(kind) ?? null) : everyDays]));
}

/** When the next one is due; null for never. */
export const nextAt = (inUseSince: Date | null, everyDays: number | null): Date | null =>
  inUseSince === null || everyDays === null ? null : new Date(inUseSince.getTime() + everyDays * DAY_MS);

/** @returns how many were begun. */
export async function lookAtRotations(
  ctx: VerbContext,
  options: { kinds?: readonly Rotation[]; now?: Date } = {},
): Promise<number> {
  const { kinds = ROTATIONS, now = new Date() } = options;
  return ctx.db.transaction(async (tx) => {
    // One worker looks at a time; whoever comes meanwhile has nothing to add.
    const [held] = await tx.execute<{ isOurs: boolean }>(
      sql`select pg_try_advisory_xact_lock(hashtext('kombify rotation schedule')) as "isOurs"`,
    );
    if (!held?.isOurs) return 0;
    const unfinished = await tx.select().from(rotations).where(isNull(rotations.finishedAt));
    // A job that is there already keeps its time: one of the same key replaces it.
    for (const { id, steps } of unfinished) {
      const retryAt = steps.at(-1)?.retryAt;
      await enqueueRotation(tx, id, retryAt ? new Date(retryAt) : undefined);
    }
    const policies = await readPolicies(ctx, kinds);
    let begun = 0;
    for (const kind of kinds) {
      // Held back until the end of this transaction: nobody begins one between the look and the start.
      if (await findRunning(tx, kind.kind)) continue;
      const at = nextAt(await kind.inUseSince(ctx), policies.get(kind.kind) ?? null);
      if (!at || at > now || (await endedLately(tx, kind, now))) continue;
      await insertRotation(tx, ctx, kind);
      begun++;
    }
    return begun;
  });
}

/** One that was cancelled, or that changed nothing, is not begun again by the schedule the next minute. */
async function endedLately(tx: Transaction, { kind }: Rotation, now: Date): Promise<boolean> {
  const since = new Date(now.getTime() - DAY_MS);
  return (await tx.$count(rotations, and(eq(rotations.kind, kind), gt(rotations.finishedAt, since)))) > 0;
}
