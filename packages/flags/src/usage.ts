/**
 * How often each variant was given. Counts only ever grow while the process lives, and are reported as what changed: a
 * report that is lost loses nothing, for the next one says the same and more.
 */
import type { FlagUsage } from "@kombify/agent-contract";

export interface UsageReport {
  /** What changed since the last report that arrived, each with all that was ever counted. */
  usage: FlagUsage[];
  /** It arrived: what it said is not said again. A report that did not is simply let go. */
  arrived(): void;
}

export interface UsageCounter {
  /** @param variant undefined where there was no value. */
  count(key: string, variant: string | undefined): void;
  /** @param most how many entries at once; the rest comes with the next report. */
  report(most?: number): UsageReport;
}

/** Entries of flags and their variants; what comes beyond is not counted, so that made-up keys do not fill the memory. */
const MOST_ENTRIES = 10_000;

interface Entry {
  key: string;
  variant: string;
  count: number;
  /** What the other side knows. */
  reported: number;
}

export function createUsageCounter(maxEntries = MOST_ENTRIES): UsageCounter {
  const entries = new Map<string, Map<string, Entry>>();
  /** Entries that have something to report, longest waiting first. */
  const changed = new Set<Entry>();
  let size = 0;

  return {
    count(key, variant = "") {
      const variants = entries.get(key);
      let entry = variants?.get(variant);
      if (!entry) {
        if (size >= maxEntries) return;
        size++;
        entry = { key, variant, count: 0, reported: 0 };
        if (variants) variants.set(variant, entry);
        else entries.set(key, new Map([[variant, entry]]));
      }
      entry.count++;
      changed.add(entry);
    },
    report(most = maxEntries) {
      const taken = [...changed].slice(0, most).map((entry) => ({ entry, count: entry.count }));
      return {
        usage: taken.map(({ entry: { key, variant }, count }) => ({ key, variant, count })),
        arrived() {
          for (const { entry, count } of taken) {
            entry.reported = Math.max(entry.reported, count);
            if (entry.reported === entry.count) changed.delete(entry);
          }
        },
      };
    },
  };
}
