/** When what failed is tried again: soon at first, then more and more rarely, and at once after a restart of the agent. */
export type Retries = {
  isDue(id: string): boolean;
  /** @returns milliseconds until the next try. */
  failed(id: string): number;
  /** Not a failure: only not now. */
  postpone(id: string, ms: number): void;
  forget(id: string): void;
};

/** @param delaysMs after the first, the second ... failure; the last one goes on. */
export function createRetries(delaysMs: readonly number[]): Retries {
  const failures = new Map<string, { times: number; nextAt: number }>();
  return {
    isDue: (id) => (failures.get(id)?.nextAt ?? 0) <= Date.now(),
    failed(id) {
      const times = (failures.get(id)?.times ?? 0) + 1;
      const delay = delaysMs[Math.min(times, delaysMs.length) - 1] ?? 0;
      failures.set(id, { times, nextAt: Date.now() + delay });
      return delay;
    },
    postpone(id, ms) {
      failures.set(id, { times: failures.get(id)?.times ?? 0, nextAt: Date.now() + ms });
    },
    forget: (id) => void failures.delete(id),
  };
}
