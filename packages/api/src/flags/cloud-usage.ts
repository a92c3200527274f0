/** How often Cloud gave each variant of a flag: counted in memory, and written down every few seconds. */
import type { FlagUsage } from "@kombify/agent-contract";
import type { Evaluation } from "@kombify/flags";
import type { Logger } from "@kombify/server";

const WRITE_INTERVAL_MS = 10_000;

export interface CloudUsage {
  /** Costs an addition. A flag that is not there is not counted. */
  readonly count: (evaluation: Pick<Evaluation, "key" | "variant" | "errorCode">) => void;
}

/**
 * @param options.write adds to what is written down. What it refused is kept for the next time.
 * @returns also `close`, which writes what is left and waits for it.
 */
export function openCloudUsage(options: {
  write: (counts: readonly FlagUsage[]) => Promise<void>;
  log: Logger;
  intervalMs?: number;
}): CloudUsage & { close(): Promise<void> } {
  const { write, log, intervalMs = WRITE_INTERVAL_MS } = options;
  let counts = new Map<string, FlagUsage>();
  let writing: Promise<void> = Promise.resolve();

  const add = (key: string, variant: string, by: number): void => {
    // No key has a space.
    const name = `${key} ${variant}`;
    const known = counts.get(name);
    if (known) known.count += by;
    else counts.set(name, { key, variant, count: by });
  };
  const writeNow = async (): Promise<void> => {
    const taken = [...counts.values()];
    if (taken.length === 0) return;
    counts = new Map();
    try {
      await write(taken);
    } catch (err) {
      for (const { key, variant, count } of taken) add(key, variant, count);
      log.warn({ err }, "evaluations of flags could not be written down; they are kept");
    }
  };
  const timer = setInterval(() => {
    writing = writing.then(writeNow);
  }, intervalMs);
  // Whoever only asks something of a control plane, such as the command line, is not kept alive by it.
  timer.unref();

  return {
    count: ({ key, variant = "", errorCode }) => {
      if (errorCode !== "FLAG_NOT_FOUND") add(key, variant, 1);
    },
    async close() {
      clearInterval(timer);
      await writing;
      await writeNow();
    },
  };
}
