/** Whether a change was made from what is there now. */
import { ServiceError } from "@kombify/agent-contract";
import type { Transaction } from "@kombify/db";
import { flagVersions } from "@kombify/db/schema";
import { and, desc, eq, gt, notInArray } from "drizzle-orm";
import type { FlagRow } from "./flag-state.ts";

export type ChangeKind = "update" | "kill" | "restore" | "remove" | "override";

/**
 * What else may have happened to the flag meanwhile. An update says the rules and not the switch; a kill is never held up;
 * an override is checked by itself.
 */
const HARMLESS: Record<ChangeKind, readonly string[] | "all"> = {
  update: ["kill", "restore", "override"],
  restore: ["override"],
  remove: ["override"],
  kill: "all",
  override: "all",
};

/**
 * @throws ServiceError CONFLICT that says who changed the flag, and in what way.
 */
export async function refuseStale(
  tx: Transaction,
  change: { kind: ChangeKind; flagKey: string; baseVersion: number; proposal: Record<string, unknown> },
  row: FlagRow | undefined,
): Promise<void> {
  const { kind, flagKey: key, baseVersion } = change;
  if (!row) {
    if (baseVersion > 0 && kind === "update")
      throw new ServiceError("CONFLICT", `${key} was removed since you looked. Make it anew if it is still needed.`);
    return;
  }
  if (baseVersion === 0 && kind === "update")
    throw new ServiceError("CONFLICT", `There is already a flag ${key}. Choose another key, or change that one.`, {
      fields: [{ path: "key", message: "There is already a flag of this key." }],
    });
  // What a file says of the switch is about the one that was there.
  const harmless = HARMLESS[kind === "update" && change.proposal.kill !== undefined ? "restore" : kind];
  if (harmless === "all" || baseVersion === row.version) return;
  const [changed] = await tx
    .select({ version: flagVersions.version, action: flagVersions.action, actorName: flagVersions.actorName })
    .from(flagVersions)
    .where(
      and(
        eq(flagVersions.noun, "flag"),
        eq(flagVersions.key, key),
        gt(flagVersions.version, baseVersion),
        notInArray(flagVersions.action, [...harmless]),
      ),
    )
    .orderBy(desc(flagVersions.version))
    .limit(1);
  if (!changed && baseVersion < row.version) return;
  const what = changed
    ? `${changed.actorName} changed ${key} since you looked (version ${changed.version}, ${changed.action})`
    : `You looked at version ${baseVersion} of ${key}, which has only ${row.version}`;
  throw new ServiceError("CONFLICT", `${what}. See what is different, and make your change again.`);
}
