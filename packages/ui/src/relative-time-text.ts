const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const format = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/**
 * "5 minutes ago", "in 2 hours", "just now".
 * @param atMs, nowMs milliseconds since the epoch.
 */
export function relativeTimeText(atMs: number, nowMs: number): string {
  const seconds = (atMs - nowMs) / 1_000;
  for (const [unit, size] of UNITS) {
    if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  }
  if (Math.abs(seconds) < 10) return "just now";
  return format.format(Math.trunc(seconds), "second");
}

/** "23 Nov 2026, 21:04 UTC": the same on every machine, for the server and for hydration. */
export function exactUtcText(at: Date): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) (\d\d:\d\d)/.exec(at.toUTCString()) ?? [];
  return `${Number(day)} ${month} ${year}, ${time} UTC`;
}
