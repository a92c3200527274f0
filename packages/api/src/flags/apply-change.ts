/**
 * The only writer of flags. Writers come one after the other, under the lock of `flag_settings`: what is checked here is
 * still so when it is committed. One transaction holds the flag, its history, the audit row, the revision and the news.
 * A change that changes nothing leaves nothing behind, and one that no document shows does not raise the fleet's revision.
 */
import { isDeepStrictEqual } from "node:util";
import { ServiceError } from "@kombify/agent-contract";
import { notifyChange, type Transaction } from "@kombify/db";
import { flagSettings, flags, flagVersions } from "@kombify/db/schema";
import { and, eq, inArray, sql } from "drizzle-orm";
import { recordAudit } from "../audit/record.ts";
import type { VerbContext } from "../context.ts";
import { type ChangeKind, refuseStale } from "./base-version.ts";
import { checkChange, readSegments } from "./check-flags.ts";
import { type FlagRow, type FlagState, isSameState, snapshotOf, sourceOf, stateOf } from "./flag-state.ts";
import { killed, restored, updated } from "./next-state.ts";
import { refuseStrandedOverrides, writeOverride } from "./write-override.ts";

/** A change as it was asked for. */
export interface FlagChangeRequest {
  kind: ChangeKind;
  flagKey: string;
  /** Version that it was made from; 0 for a flag that is new. */
  baseVersion: number;
  /** See next-state.ts and write-override.ts; empty for the other kinds. */
  proposal: Record<string, unknown>;
  /** For a kill: why. */
  note: string;
}

/** A change that may happen now. */
export interface AppliedChange extends FlagChangeRequest {
  approvedByName?: string | null;
  /** What the history calls it, where that says more than the kind: `revert`, `import`. */
  action?: string;
}

const DEEDS: Record<string, string> = {
  create: "Made",
  update: "Changed",
  kill: "Killed",
  restore: "Restored",
  remove: "Removed",
  revert: "Took back to an earlier state:",
  import: "Imported",
};

/** Waits for whoever writes flags now. @returns the revision of the fleet. */
export async function lockFlags(tx: Transaction): Promise<number> {
  const [settings] = await tx
    .select({ revision: flagSettings.revision })
    .from(flagSettings)
    .where(eq(flagSettings.id, 1))
    .for("update");
  return settings?.revision ?? 0;
}

/** Every document follows anew from here on. @returns the revision. */
export async function raiseFlagsRevision(tx: Transaction): Promise<number> {
  const [settings] = await tx
    .update(flagSettings)
    .set({ revision: sql`${flagSettings.revision} + 1`, changedAt: sql`clock_timestamp()` })
    .returning({ revision: flagSettings.revision });
  return settings?.revision ?? 0;
}

/** What a change of the flag itself makes of it; null: it goes. */
function stateAfter({ kind, flagKey, proposal, note }: AppliedChange, row: FlagRow | undefined): FlagState | null {
  if (kind === "update") return updated(flagKey, row ? stateOf(row) : null, proposal);
  if (!row) throw new ServiceError("NOT_FOUND", `There is no flag ${flagKey}.`);
  if (kind === "remove") return null;
  return kind === "kill" ? killed(flagKey, stateOf(row), note) : restored(stateOf(row));
}

/** A flag that is made again goes on counting where the one of that key ended. */
async function nextVersion(tx: Transaction, key: string, row: FlagRow | undefined): Promise<number> {
  if (row) return row.version + 1;
  const [last] = await tx
    .select({ version: sql<number | null>`max(${flagVersions.version})` })
    .from(flagVersions)
    .where(and(eq(flagVersions.noun, "flag"), eq(flagVersions.key, key)));
  return (last?.version ?? 0) + 1;
}

/** Flags that other systems' history brought have none of their own: what they were is kept before it changes. */
async function keepBeginning(tx: Transaction, row: FlagRow): Promise<void> {
  await tx
    .insert(flagVersions)
    .values({
      noun: "flag",
      key: row.key,
      version: row.version,
      action: "import",
      snapshot: snapshotOf(stateOf(row)),
      note: "As it was before its first change here",
      actorName: "kombify",
      at: row.updatedAt,
    })
    .onConflictDoNothing();
}

interface Written {
  version: number;
  action: string;
  snapshot: Record<string, unknown> | null;
}

async function note(tx: Transaction, ctx: VerbContext, change: AppliedChange, written: Written, summary: string) {
  const { flagKey: key, approvedByName = null } = change;
  await tx.insert(flagVersions).values({
    noun: "flag",
    key,
    ...written,
    note: change.note,
    actorId: ctx.actor.kind === "staff" ? (ctx.actor.id as FlagVersionActor) : null,
    actorName: ctx.actor.name,
    approvedByName,
  });
  await recordAudit(tx, ctx, {
    action: `flags.${written.action}`,
    targetKind: "flag",
    targetId: key,
    summary: approvedByName ? `${summary}, approved by ${approvedByName}` : summary,
  });
  await notifyChange(tx, { noun: "flags", id: key });
}
type FlagVersionActor = NonNullable<(typeof flagVersions.$inferInsert)["actorId"]>;

async function applyOverride(tx: Transaction, ctx: VerbContext, change: AppliedChange, row: FlagRow | undefined) {
  if (!row) throw new ServiceError("NOT_FOUND", `There is no flag ${change.flagKey}.`);
  const override = await writeOverride(tx, ctx, row, change.proposal);
  if (!override) return;
  await keepBeginning(tx, row);
  const version = row.version + 1;
  await tx.update(flags).set({ version }).where(eq(flags.id, row.id));
  const snapshot = { ...snapshotOf(stateOf(row)), override };
  const { tenant, after } = override;
  const summary = after ? `Gave ${tenant} ${after} of ${row.key}` : `Let the rules of ${row.key} decide for ${tenant}`;
  await note(tx, ctx, change, { version, action: "override", snapshot }, summary);
}

async function write(tx: Transaction, ctx: VerbContext, step: Step, fleetRevision: number): Promise<void> {
  const { change, row, after, isInDocuments } = step;
  const { flagKey: key } = change;
  const version = await nextVersion(tx, key, row);
  if (row) await keepBeginning(tx, row);
  const revision = isInDocuments ? fleetRevision : (row?.revision ?? fleetRevision);
  const values = { ...after, version, revision, updatedAt: new Date() };
  if (!after) await tx.delete(flags).where(eq(flags.key, key));
  else if (row) await tx.update(flags).set(values).where(eq(flags.id, row.id));
  else await tx.insert(flags).values({ key, ...after, version, revision });
  const action = change.action ?? (row || change.kind !== "update" ? change.kind : "create");
  const reason = change.kind === "kill" && change.note ? `: ${change.note}` : "";
  const snapshot = after && snapshotOf(after);
  await note(tx, ctx, change, { version, action, snapshot }, `${DEEDS[action] ?? "Changed"} ${key}${reason}`);
}

interface Step {
  change: AppliedChange;
  row: FlagRow | undefined;
  after: FlagState | null;
  isInDocuments: boolean;
}

function stepOf(change: AppliedChange, row: FlagRow | undefined): Step | null {
  const after = stateAfter(change, row);
  const before = row ? stateOf(row) : null;
  if (before && after && isSameState(before, after)) return null;
  const key = change.flagKey;
  const isInDocuments = !before || !after || !isDeepStrictEqual(sourceOf(key, before), sourceOf(key, after));
  return { change, row, after, isInDocuments };
}

/**
 * Makes changes, all or none, each of another flag: they are checked together, as they are to be.
 * @returns keys of the flags that are different now.
 * @throws ServiceError CONFLICT when a flag is another by now, NOT_FOUND, PRECONDITION, INVALID
 */
export async function applyChanges(tx: Transaction, ctx: VerbContext, changes: AppliedChange[]): Promise<string[]> {
  await lockFlags(tx);
  const keys = changes.map(({ flagKey }) => flagKey);
  const rows = await tx.select().from(flags).where(inArray(flags.key, keys));
  const byKey = new Map(rows.map((row) => [row.key, row]));
  const steps: Step[] = [];
  for (const change of changes) {
    const row = byKey.get(change.flagKey);
    await refuseStale(tx, change, row);
    if (change.kind === "override") await applyOverride(tx, ctx, change, row);
    else {
      const step = stepOf(change, row);
      if (step) steps.push(step);
    }
  }
  if (steps.length === 0) return [];
  const states = new Map(steps.map(({ change, after }) => [change.flagKey, after]));
  await checkChange(tx, states, await readSegments(tx));
  await refuseStrandedOverrides(tx, states);
  const fleetRevision = steps.some(({ isInDocuments }) => isInDocuments) ? await raiseFlagsRevision(tx) : 0;
  for (const step of steps) await write(tx, ctx, step, fleetRevision);
  return steps.map(({ change }) => change.flagKey);
}

/** Makes one change. @throws ServiceError as {@link applyChanges} */
export async function applyChange(tx: Transaction, ctx: VerbContext, change: AppliedChange): Promise<void> {
  await applyChanges(tx, ctx, [change]);
}
