/** Conditions that several flags share by name. */
import { ServiceError } from "@kombify/agent-contract";
import type { Transaction } from "@kombify/db";
import { flagSegments } from "@kombify/db/schema";
import { saySegment } from "@kombify/flags/rules";
import { asc, eq } from "drizzle-orm";
import type { z } from "zod";
import type { UserContext, VerbContext } from "../context.ts";
import { lockFlags } from "./apply-change.ts";
import type { Segments } from "./check-flags.ts";
import type { SegmentView, saveSegmentInput, segmentInput, segmentsView } from "./schemas.ts";
import { readFlagsWithSegments, segmentsIn } from "./segment-use.ts";
import { checkSegments, writeSegment } from "./write-segment.ts";

async function readViews(tx: Transaction): Promise<SegmentView[]> {
  const rows = await tx.select().from(flagSegments).orderBy(asc(flagSegments.key));
  const logic: Segments = Object.fromEntries(rows.map((row) => [row.key, row.logic]));
  const uses = (await readFlagsWithSegments(tx)).map(({ key, targeting }) => ({
    key,
    segments: segmentsIn(targeting, logic),
  }));
  return rows.map(({ key, description, version, updatedAt, logic: own }) => ({
    key,
    description,
    logic: own as SegmentView["logic"],
    words: saySegment(own),
    version,
    updatedAt,
    usedBy: uses
      .filter(({ segments }) => segments.has(key))
      .map((use) => use.key)
      .sort(),
  }));
}

/** All segments, with the flags that each is part of. */
export async function listSegments(ctx: VerbContext): Promise<z.output<typeof segmentsView>> {
  return { items: await ctx.db.transaction(readViews) };
}

const findRow = async (tx: Transaction, key: string) =>
  (await tx.select().from(flagSegments).where(eq(flagSegments.key, key)))[0];

/**
 * Makes or changes a segment; saving what is there already changes nothing.
 * @throws ServiceError CONFLICT when somebody changed it meanwhile, INVALID when a flag would not hang together with it,
 * PRECONDITION when it decides for a sensitive flag.
 */
export async function saveSegment(ctx: UserContext, input: z.output<typeof saveSegmentInput>): Promise<SegmentView> {
  const { key, description, logic, note, version } = input;
  return ctx.db.transaction(async (tx) => {
    await lockFlags(tx);
    const row = await findRow(tx, key);
    if ((row?.version ?? 0) !== version)
      throw new ServiceError(
        "CONFLICT",
        row
          ? version === 0
            ? `There is already a segment ${key}. Choose another key, or change that one.`
            : `Somebody changed ${key} since you looked: it is at version ${row.version}. See what is different, and make your change again.`
          : `${key} was removed since you looked. Make it anew if it is still needed.`,
      );
    await writeSegment(tx, ctx, { key, after: { description, logic }, note }, row);
    await checkSegments(tx, [key]);
    return (await readViews(tx)).find((view) => view.key === key) as SegmentView;
  });
}

/** @throws ServiceError NOT_FOUND, PRECONDITION while a flag or another segment uses it. */
export async function removeSegment(
  ctx: UserContext,
  { key }: z.output<typeof segmentInput>,
): Promise<{ removed: true }> {
  await ctx.db.transaction(async (tx) => {
    await lockFlags(tx);
    const row = await findRow(tx, key);
    if (!row) throw new ServiceError("NOT_FOUND", `There is no segment ${key}.`);
    await writeSegment(tx, ctx, { key, after: null, note: "" }, row);
  });
  return { removed: true };
}
