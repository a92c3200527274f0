/** Writing segments, under the lock that all writers of flags take (apply-change.ts). */
import { isDeepStrictEqual } from "node:util";
import { ServiceError } from "@kombify/agent-contract";
import { notifyChange, type Transaction } from "@kombify/db";
import { flagSegments, flags, flagVersions } from "@kombify/db/schema";
import { and, eq, inArray, sql } from "drizzle-orm";
import { recordAudit } from "../audit/record.ts";
import type { VerbContext } from "../context.ts";
import { raiseFlagsRevision } from "./apply-change.ts";
import { readSegments, refuseProblems, type Segments } from "./check-flags.ts";
import { type FlagRow, sourceOf, stateOf } from "./flag-state.ts";
import { readFlagsWithSegments, refsIn, segmentsIn } from "./segment-use.ts";

export interface SegmentChange {
  key: string;
  /** Null: it goes. */
  after: { description: string; logic: Record<string, unknown> } | null;
  note: string;
}

type SegmentRow = typeof flagSegments.$inferSelect;

/** A segment is not a way around the second person whom its flags need. */
function refuseSensitive(key: string, users: FlagRow[]): void {
  const sensitive = users.filter(({ isSensitive }) => isSensitive).map((flag) => flag.key);
  if (sensitive.length > 0)
    throw new ServiceError(
      "PRECONDITION",
      `${key} decides for ${sensitive.join(", ")}, whose changes need a second person. Make another segment, and have it taken up there.`,
    );
}

async function nextVersion(tx: Transaction, key: string): Promise<number> {
  const [last] = await tx
    .select({ version: sql<number | null>`max(${flagVersions.version})` })
    .from(flagVersions)
    .where(and(eq(flagVersions.noun, "segment"), eq(flagVersions.key, key)));
  return (last?.version ?? 0) + 1;
}

async function note(tx: Transaction, ctx: VerbContext, change: SegmentChange, version: number, isNew: boolean) {
  const { key, after } = change;
  const action = after ? (isNew ? "create" : "update") : "remove";
  await tx.insert(flagVersions).values({
    noun: "segment",
    key,
    version,
    action,
    snapshot: after,
    note: change.note,
    actorId: ctx.actor.kind === "staff" ? (ctx.actor.id as (typeof flagVersions.$inferInsert)["actorId"]) : null,
    actorName: ctx.actor.name,
  });
  await recordAudit(tx, ctx, {
    action: after ? "flags.saveSegment" : "flags.removeSegment",
    targetKind: "segment",
    targetId: key,
    summary: `${{ create: "Made", update: "Changed", remove: "Removed" }[action]} the segment ${key}`,
  });
  await notifyChange(tx, { noun: "flags", id: `segment:${key}` });
}

function refuseUsed(key: string, users: FlagRow[], segments: Segments): void {
  const others = Object.keys(segments).filter((name) => refsIn(segments[name]).includes(key));
  const uses = [...users.map((flag) => flag.key).sort(), ...others.map((name) => `the segment ${name}`)];
  if (uses.length > 0)
    throw new ServiceError("PRECONDITION", `${key} is used by ${uses.join(", ")}. Take it out there first.`);
}

/**
 * Checks segments that were written, with every flag that they are part of.
 * @throws ServiceError INVALID
 */
export async function checkSegments(tx: Transaction, keys: readonly string[]): Promise<void> {
  const segments = await readSegments(tx);
  const users = (await readFlagsWithSegments(tx)).filter(({ targeting }) => {
    const used = segmentsIn(targeting, segments);
    return keys.some((key) => used.has(key));
  });
  // What its flags need of others does not hang on it.
  refuseProblems({
    flags: users.map((flag) => ({ ...sourceOf(flag.key, stateOf(flag)), prerequisites: [] })),
    segments,
  });
}

/**
 * Writes a segment, when it is different; {@link checkSegments} has to follow. Flags that it is part of are new in every
 * document.
 * @returns whether anything is different now.
 * @throws ServiceError PRECONDITION when it decides for a sensitive flag, or is to go and is used.
 */
export async function writeSegment(
  tx: Transaction,
  ctx: VerbContext,
  change: SegmentChange,
  row: SegmentRow | undefined,
): Promise<boolean> {
  const { key, after } = change;
  const isSameLogic = isDeepStrictEqual(row?.logic, after?.logic);
  if (isSameLogic && row?.description === after?.description) return false;
  const segments: Segments = await readSegments(tx);
  const users = (await readFlagsWithSegments(tx)).filter((flag) => segmentsIn(flag.targeting, segments).has(key));
  const version = row ? row.version + 1 : await nextVersion(tx, key);
  if (after) {
    const isInDocuments = users.length > 0 && !isSameLogic;
    if (isInDocuments) refuseSensitive(key, users);
    const revision = isInDocuments ? await raiseFlagsRevision(tx) : (row?.revision ?? 0);
    const values = { ...after, version, revision, updatedAt: new Date() };
    if (row) await tx.update(flagSegments).set(values).where(eq(flagSegments.id, row.id));
    else await tx.insert(flagSegments).values({ key, ...values });
    if (isInDocuments)
      await tx
        .update(flags)
        .set({ revision })
        .where(
          inArray(
            flags.id,
            users.map(({ id }) => id),
          ),
        );
  } else {
    refuseUsed(key, users, segments);
    await tx.delete(flagSegments).where(eq(flagSegments.key, key));
  }
  await note(tx, ctx, change, version, !row);
  return true;
}
