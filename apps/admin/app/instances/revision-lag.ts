/** How far a host is behind what is wished of it, in words. */
import type { Tone } from "@kombify/ui";

export type RevisionLag = {
  /** What matters: "In step", "3 changes behind". */
  text: string;
  /** The figures behind it. */
  detail: string;
  tone: Tone;
};

/** Words for an instance's desired beside its applied revision. `hasJoined`: its agent has been here at least once. */
export function revisionLag(desired: number, applied: number, hasJoined: boolean): RevisionLag {
  const figures = `applied ${applied.toLocaleString("en")} of ${desired.toLocaleString("en")}`;
  if (!hasJoined) return { text: "Nothing applied yet", detail: figures, tone: "quiet" };
  const behind = desired - applied;
  if (behind === 0) return { text: "In step", detail: figures, tone: "good" };
  const changes = (count: number) => `${count.toLocaleString("en")} ${count === 1 ? "change" : "changes"}`;
  if (behind > 0) return { text: `${changes(behind)} behind`, detail: figures, tone: "waiting" };
  // Only a control plane that was restored from an older copy wishes for less than a host has.
  return { text: `${changes(-behind)} ahead of the control plane`, detail: figures, tone: "bad" };
}
