/** What was looked up lately, each thing until its own time, and never more of it than a process can afford. */
export interface Memory<T> {
  get(key: string): T | undefined;
  /** @param until milliseconds since 1970. */
  set(key: string, value: T, until: number): void;
  forget(isMeant: (value: T) => boolean): void;
  clear(): void;
}

const MAX_ENTRIES = 10_000;

/** An empty memory. When it is full, it forgets what it learnt first: strangers can waste it, but not make it grow. */
export function createMemory<T>(maxEntries = MAX_ENTRIES): Memory<T> {
  const entries = new Map<string, { value: T; until: number }>();
  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined || entry.until > Date.now()) return entry?.value;
      entries.delete(key);
      return undefined;
    },
    set(key, value, until) {
      entries.delete(key);
      const [oldest] = entries.size >= maxEntries ? entries.keys() : [];
      if (oldest !== undefined) entries.delete(oldest);
      entries.set(key, { value, until });
    },
    forget(isMeant) {
      for (const [key, { value }] of entries) if (isMeant(value)) entries.delete(key);
    },
    clear: () => entries.clear(),
  };
}
