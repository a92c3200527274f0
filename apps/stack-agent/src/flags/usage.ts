/** How often each flag gave each variant since this process started. */
import type { FlagUsage } from "@kombify/agent-contract";

/** What one report holds. */
const MAX_REPORTED = 5_000;

export type UsageCounter = {
  /** @param variant empty where there was no value. */
  count(key: string, variant: string): void;
  /** What differs from what was reported, for the next report. */
  pending(): FlagUsage[];
  /** These were accepted; whatever came since stays to be reported. */
  reported(usage: readonly FlagUsage[]): void;
};

export function createUsageCounter(): UsageCounter {
  const counts = new Map<string, FlagUsage>();
  const told = new Map<string, number>();
  const nameOf = (key: string, variant: string) => `${key} ${variant}`;
  return {
    count(key, variant) {
      const name = nameOf(key, variant);
      const known = counts.get(name);
      if (known) known.count += 1;
      else counts.set(name, { key, variant, count: 1 });
    },
    pending: () =>
      [...counts]
        .filter(([name, { count }]) => told.get(name) !== count)
        .slice(0, MAX_REPORTED)
        .map(([, usage]) => ({ ...usage })),
    reported(usage) {
      for (const { key, variant, count } of usage) told.set(nameOf(key, variant), count);
    },
  };
}
