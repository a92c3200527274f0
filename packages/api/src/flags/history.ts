/** What a flag was, and going back. */
import { ServiceError } from "@kombify/agent-contract";
import type { z } from "zod";
import type { UserContext, VerbContext } from "../context.ts";
import { decodeCursor, encodeCursor, pageOfRows } from "../page.ts";
import { differencesOf } from "./differences.ts";
import { definitionOf, stateOfSnapshot } from "./flag-state.ts";
import { findFlag } from "./get-flag.ts";
import { asProposal } from "./proposal.ts";
import { requestChange } from "./request-change.ts";
import type { FlagDifference, FlagHistoryView, FlagOutcomeView, flagHistoryInput, revertFlagInput } from "./schemas.ts";
import type { OverrideNote } from "./write-override.ts";

type Item = FlagHistoryView["items"][number];
type Snapshot = Record<string, unknown> & { override?: OverrideNote };
type Row = Omit<Item, "differences" | "canRevert"> & { id: string; snapshot: Snapshot | null };

const stateIn = (row: Row | undefined) => (row?.snapshot ? stateOfSnapshot(row.snapshot) : null);

function differencesFrom(earlier: Row | undefined, row: Row): FlagDifference[] {
  const { override } = row.action === "override" ? (row.snapshot ?? {}) : {};
  if (!override) return differencesOf(stateIn(earlier), stateIn(row));
  return [{ what: `Override for ${override.tenant}`, before: override.before, after: override.after }];
}

/**
 * A page of a flag's versions, newest first, each against the one before. A flag that was removed still has its history.
 * @throws ServiceError NOT_FOUND when there never was such a flag.
 */
export async function listFlagVersions(
  ctx: VerbContext,
  input: z.output<typeof flagHistoryInput>,
): Promise<FlagHistoryView> {
  const before = input.cursor ? Number(decodeCursor(input.cursor).value) : null;
  const [rows, current] = await Promise.all([
    ctx.db.read<Row>(
      (
        sql,
      ) => sql`select id, version, action, note, actor_name as "actorName", approved_by_name as "approvedByName", at, snapshot
        from flag_versions where noun = 'flag' and key = ${input.key} and (${before}::int is null or version < ${before})
        order by version desc limit ${input.limit + 1}`,
    ),
    findFlag(ctx, input.key),
  ]);
  if (rows.length === 0 && !current && before === null)
    throw new ServiceError("NOT_FOUND", `There is no flag ${input.key}, and there never was.`);
  const page = pageOfRows(rows, input.limit, (row) => encodeCursor(String(row.version), row.id));
  const items = page.items.map((row, i) => {
    const { id: _, snapshot, ...view } = row;
    const isCurrent = current?.version === row.version;
    return { ...view, differences: differencesFrom(rows[i + 1], row), canRevert: snapshot !== null && !isCurrent };
  });
  return { items, nextCursor: page.nextCursor };
}

/**
 * Makes the flag what it was at a version, as a change like any other; the kill switch and overrides stay as they are. One
 * that was removed is made again.
 * @throws ServiceError NOT_FOUND, PRECONDITION for a version at which it was removed, INVALID when that state does not fit
 * what is around it now.
 */
export async function revertFlag(ctx: UserContext, input: z.output<typeof revertFlagInput>): Promise<FlagOutcomeView> {
  const { key, version } = input;
  const [[row], current] = await Promise.all([
    ctx.db.read<{ snapshot: Snapshot | null }>(
      (sql) => sql`select snapshot from flag_versions where noun = 'flag' and key = ${key} and version = ${version}`,
    ),
    findFlag(ctx, key),
  ]);
  if (!row) throw new ServiceError("NOT_FOUND", `${key} has no version ${version}.`);
  if (!row.snapshot)
    throw new ServiceError("PRECONDITION", `${key} was removed at version ${version}. Choose one before.`);
  const state = stateOfSnapshot(row.snapshot);
  const proposal = asProposal(definitionOf(state), { action: "revert", fileExtras: state.fileExtras });
  const note = input.note || `Back to version ${version}`;
  const change = { kind: "update", flagKey: key, baseVersion: current?.version ?? 0, proposal, note } as const;
  return requestChange(ctx, change, { scheduledAt: null });
}
