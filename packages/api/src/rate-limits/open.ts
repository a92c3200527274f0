/** Limits of plans for one process: where it counts, and what it says where nobody can count. */
import type { Logger } from "@kombify/server";
import type { PlanLimitsReader } from "../billing/limits.ts";
import type { RequestInfo } from "../context.ts";
import { gatewayIdentityOf } from "../credentials.ts";
import { memoryCounter, redisCounter } from "./counter.ts";
import { createPlanLimiter, type Take } from "./plan-limiter.ts";
import { createRequestLimit, isCounted, type RequestLimit } from "./request-limit.ts";
import { openSharedStore, type SharedStore } from "./shared-store.ts";

export interface RateLimits {
  /** Null where each process counts for itself. */
  store: SharedStore | null;
  /** What counts this request, or undefined where it is not counted: whom the gateway names, it has counted. */
  of(request: Request, info: RequestInfo, responseHeaders: Headers): RequestLimit | undefined;
  /** Never fail: a portal without its Redis serves. */
  checks: Record<string, () => Promise<string | undefined>>;
  /** Calls back for each request that passed uncounted. */
  onOpen(listener: () => void): void;
  close(): void;
}

const WINDOW = { name: "plan", seconds: 60 };

export function openRateLimits(options: {
  redisUrl: string | undefined;
  plans: PlanLimitsReader;
  log: Logger;
}): RateLimits {
  const store = options.redisUrl === undefined ? null : openSharedStore(options.redisUrl, options.log);
  const listeners: Array<() => void> = [];
  const limiter = createPlanLimiter(store ? sharedTake(store) : memoryCounter(WINDOW).add, () => {
    for (const listener of listeners) listener();
  });
  return {
    store,
    of: (request, info, responseHeaders) =>
      isCounted(new URL(request.url).pathname) && gatewayIdentityOf(request.headers, info) === null
        ? createRequestLimit(limiter, options.plans, responseHeaders)
        : undefined,
    checks: store
      ? { redis: async () => (store.isAway() ? "away: requests pass uncounted until it is back" : undefined) }
      : {},
    onOpen: (listener) => void listeners.push(listener),
    close: () => store?.close(),
  };
}

function sharedTake(store: SharedStore): Take {
  const counter = redisCounter(store, WINDOW);
  return (key, points) => store.use(() => counter.add(key, points));
}
