/** A host's upgrade of its namespaces, in words. */
import type { InstanceView } from "@kombify/api/schemas";

export type Upgrade = NonNullable<InstanceView["upgrade"]>;

/** How long an upgrade that ended well is still shown. Milliseconds. */
const SHOWN_AFTER_MS = 3_600_000;
/** An estimate out of less than this says nothing. */
const ENOUGH = { tenants: 3, ms: 5_000 };

const figure = (count: number) => count.toLocaleString("en");

/** Whether it goes on, ended lately, or left somebody behind. `nowMs` null: not known yet. */
export function isUpgradeShown(upgrade: Upgrade, nowMs: number | null): boolean {
  if (!upgrade.finishedAt || upgrade.quarantined > 0 || nowMs === null) return true;
  return nowMs - Date.parse(upgrade.finishedAt) < SHOWN_AFTER_MS;
}

/** "37 of 100 done, 1 quarantined". */
export function upgradeCounts({ total, done, quarantined }: Upgrade): string {
  const all = done === total ? `all ${figure(total)} done` : `${figure(done)} of ${figure(total)} done`;
  return quarantined > 0 ? `${all}, ${figure(quarantined)} quarantined` : all;
}

/** What happens or has happened, with the counts. */
export const upgradeTitle = (upgrade: Upgrade): string =>
  `Collections ${upgrade.finishedAt ? "were" : "are"} brought to version ${upgrade.toVersion}: ${upgradeCounts(upgrade)}`;

/** "4 min 12 s", "8 s", "2 h 5 min". @param ms at least 0 */
export function durationText(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
}

/** How long the rest takes if it goes on as it went so far; null while too little has happened to say so. */
export function remainingText(upgrade: Upgrade, nowMs: number | null): string | null {
  const settled = upgrade.done + upgrade.quarantined;
  const elapsed = (nowMs ?? 0) - Date.parse(upgrade.startedAt);
  if (upgrade.finishedAt || settled < ENOUGH.tenants || elapsed < ENOUGH.ms) return null;
  return durationText(((upgrade.total - settled) * elapsed) / settled);
}
