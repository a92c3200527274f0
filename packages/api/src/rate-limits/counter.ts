/** Counts by key and window, in this process or in the Redis that all share. The window begins with the first count. */
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis } from "rate-limiter-flexible";
import type { SharedStore } from "./shared-store.ts";

export interface Counted {
  count: number;
  /** Milliseconds until the window ends and the count begins anew. */
  msLeft: number;
}

export interface Counter {
  /** Adds and says what it came to, in one step. @param seconds of the window, if this begins one. */
  add(key: string, points?: number, seconds?: number): Promise<Counted>;
  get(key: string): Promise<Counted>;
  forget(key: string): Promise<void>;
}

export interface CounterOptions {
  /** Part of the key in Redis: `kombify:<name>:<key>`. */
  name: string;
  /** Of a window, unless an addition says another number. */
  seconds: number;
}

/** How many there may be is for who asks to say; the library only counts here. */
const settings = ({ name, seconds }: CounterOptions) => ({
  keyPrefix: `kombify:${name}`,
  points: Number.MAX_SAFE_INTEGER,
  duration: seconds,
});

const counterOf = (limiter: RateLimiterAbstract): Counter => ({
  async add(key, points = 1, seconds) {
    const options = seconds === undefined ? {} : { customDuration: seconds };
    const { consumedPoints, msBeforeNext } = await limiter.penalty(key, points, options);
    return { count: consumedPoints, msLeft: msBeforeNext };
  },
  async get(key) {
    const found = await limiter.get(key);
    return found ? { count: found.consumedPoints, msLeft: found.msBeforeNext } : { count: 0, msLeft: 0 };
  },
  async forget(key) {
    await limiter.delete(key);
  },
});

export const memoryCounter = (options: CounterOptions): Counter => counterOf(new RateLimiterMemory(settings(options)));

/** Rejects where Redis does not answer. */
export const redisCounter = ({ redis }: SharedStore, options: CounterOptions): Counter =>
  counterOf(new RateLimiterRedis({ ...settings(options), storeClient: redis }));

/** Shared while Redis answers; meanwhile, and where there is none, each process counts for itself. */
export function steadyCounter(store: SharedStore | null, options: CounterOptions): Counter {
  const own = memoryCounter(options);
  if (!store) return own;
  const shared = redisCounter(store, options);
  return {
    add: async (...args) => (await store.use(() => shared.add(...args))) ?? own.add(...args),
    get: async (key) => (await store.use(() => shared.get(key))) ?? own.get(key),
    async forget(key) {
      await own.forget(key);
      await store.use(() => shared.forget(key));
    },
  };
}
