/** What lies between now and an earlier version, out of what each version changed against the one before it. */
import type { FlagDifference, FlagHistoryView } from "@kombify/api/schemas";

type Version = Pick<FlagHistoryView["items"][number], "version" | "action" | "differences">;

/** Going back leaves the kill switch and overrides as they are. */
const STAYS = "Killed";

/** @param versions newest first, without a gap down to the one after `to`. */
export function netDifferences(versions: readonly Version[], to: number): FlagDifference[] {
  const byWhat = new Map<string, FlagDifference>();
  for (const { version, action, differences } of versions) {
    if (version <= to || action === "override") continue;
    // Going back in time: now is what the newest one made of it, then is what the oldest one found.
    for (const { what, before, after } of differences) {
      if (what === STAYS) continue;
      byWhat.set(what, { what, before: byWhat.has(what) ? (byWhat.get(what)?.before ?? null) : after, after: before });
    }
  }
  return [...byWhat.values()].filter(({ before, after }) => before !== after);
}
