/**
 * The Redis that all processes count in. It may go away at any time and must not be noticed then: whoever would use it is
 * told at once that it is away, nothing queues up, and one probe a second, beside all requests, finds out that it is back.
 */
import type { Logger } from "@kombify/server";
import { Redis } from "ioredis";

export interface SharedStore {
  redis: Redis;
  /** What the work resolves with, or null where Redis is away or did not answer in time. Never rejects. */
  use<T>(work: () => Promise<T>): Promise<T | null>;
  isAway(): boolean;
  close(): void;
}

/** Longer than any answer of a Redis that is well; those who find it hanging wait this long. */
const ANSWER_MS = 500;
const PROBE_MS = 1_000;

/** Rejects when nothing came in time. What came while this process itself was busy counts: it is read before the judgement. */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const judge = () => reject(new Error(`Redis gave no answer within ${ANSWER_MS} ms.`));
    timer = setTimeout(() => setImmediate(() => setImmediate(judge)), ANSWER_MS);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

/** Opens at once and connects in the background: a process starts without its Redis too. @param url `redis://` or `rediss://`. */
export function openSharedStore(url: string, log: Logger): SharedStore {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    connectTimeout: 2_000,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(times * 100, PROBE_MS),
    disableClientInfo: true,
  });
  // A connection that hangs looks like any other until it is asked something.
  let isHanging = false;
  let hasTold = false;
  let probe: NodeJS.Timeout | undefined;
  const isAway = () => isHanging || redis.status !== "ready";

  const tell = (err?: unknown) => {
    if (hasTold) return;
    hasTold = true;
    log.warn({ err }, "Redis is away: plans are not limited, and attempts are counted by each process for itself");
  };
  redis.on("error", tell);
  redis.on("close", () => tell());
  redis.on("ready", () => {
    isHanging = false;
    if (hasTold) log.info("Redis is back: limits are shared again");
    hasTold = false;
  });

  const probeLater = () => {
    probe ??= setTimeout(() => {
      probe = undefined;
      // Without a connection there is nothing to probe; a new one says "ready" by itself.
      if (redis.status !== "ready") return;
      inTime(redis.ping()).then(
        () => {
          isHanging = false;
          if (hasTold) log.info("Redis answers again: limits are shared again");
          hasTold = false;
        },
        () => {
          // Its connection may lead nowhere any more: a new one shows.
          redis.disconnect(true);
          probeLater();
        },
      );
    }, PROBE_MS).unref();
  };

  return {
    redis,
    isAway,
    async use(work) {
      if (isAway()) return null;
      try {
        return await inTime(work());
      } catch (error) {
        isHanging = true;
        tell(error);
        probeLater();
        return null;
      }
    },
    close() {
      clearTimeout(probe);
      hasTold = true;
      redis.disconnect();
    },
  };
}
