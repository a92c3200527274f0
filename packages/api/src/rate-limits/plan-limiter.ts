/**
 * Requests per organisation and minute. A process takes tokens in blocks of a hundredth of the limit, so that a large plan
 * costs few round trips to Redis, and takes no more than it needs once little is left (ADR 0019). What is handed out in
 * a window is never more than the limit, however many processes there are.
 */
import type { Counted } from "./counter.ts";

export interface Allowance {
  isAllowed: boolean;
  limit: number;
  /** What is left in this window, as far as this process knows: other processes may hold up to a block each. */
  remaining: number;
  /** Whole seconds until the window ends, at least 1. */
  resetSeconds: number;
}

/** Adds to the count of a window, or null where nobody can say. */
export type Take = (key: string, points: number) => Promise<Counted | null>;

/** A block is this part of the limit: 1 of 100, 6 of 600, 30 of 3000. */
const BLOCKS = 100;
/** When no more than these blocks are left, tokens are taken one by one. */
const LAST_BLOCKS = 10;
/** Organisations that this process remembers at once; beyond that it forgets, and takes anew. */
const MAX_SHARES = 10_000;

type Waiter = (allowance: Allowance | null) => void;

/** What this process holds of one organisation's window. */
interface Share {
  limit: number;
  tokens: number;
  /** Of the whole window, not handed to any process when last heard. */
  unclaimed: number;
  /** On the monotonic clock; never later than the true end. */
  endsAt: number;
  waiters: Waiter[];
  isTaking: boolean;
}

export interface PlanLimiter {
  /** One request. Null where it could not be counted: it passes. */
  count(key: string, limit: number): Promise<Allowance | null>;
}

/** @param onUncounted told of each request that passes because nobody could count it. */
export function createPlanLimiter(take: Take, onUncounted: () => void = () => undefined): PlanLimiter {
  const shares = new Map<string, Share>();

  const shareOf = (key: string, limit: number): Share => {
    const known = shares.get(key);
    if (known && (known.isTaking || (known.limit === limit && known.endsAt > performance.now()))) return known;
    if (shares.size >= MAX_SHARES) for (const [other, share] of shares) if (!share.isTaking) shares.delete(other);
    const fresh: Share = { limit, tokens: 0, unclaimed: limit, endsAt: 0, waiters: [], isTaking: false };
    shares.set(key, fresh);
    return fresh;
  };

  const answer = (share: Share): Allowance => {
    const isAllowed = share.tokens > 0;
    if (isAllowed) share.tokens--;
    return {
      isAllowed,
      limit: share.limit,
      remaining: share.unclaimed + share.tokens,
      resetSeconds: Math.max(1, Math.ceil((share.endsAt - performance.now()) / 1000)),
    };
  };

  /** Whether the next request can be decided without asking: by a token in hand, or since the window is used up. */
  const isDecided = (share: Share): boolean =>
    share.endsAt > performance.now() && (share.tokens > 0 || share.unclaimed === 0);

  /** Asks for everybody who waits, until nobody does: requests that come during a round trip share the next. */
  async function serve(key: string, share: Share): Promise<void> {
    share.isTaking = true;
    while (share.waiters.length > 0) {
      const waiters = share.waiters.splice(0);
      const block = Math.max(1, Math.floor(share.limit / BLOCKS));
      const isNearEnd = share.unclaimed <= block * LAST_BLOCKS && share.endsAt > performance.now();
      const asked = isNearEnd ? waiters.length : Math.max(block, waiters.length);
      const sentAt = performance.now();
      const counted = await take(key, asked).catch(() => null);
      if (counted === null) {
        for (const waiter of waiters) {
          onUncounted();
          waiter(null);
        }
        continue;
      }
      share.tokens = Math.max(0, Math.min(asked, share.limit - (counted.count - asked)));
      share.unclaimed = Math.max(0, share.limit - counted.count);
      share.endsAt = sentAt + counted.msLeft;
      for (const waiter of waiters) waiter(answer(share));
      while (share.waiters.length > 0 && isDecided(share)) share.waiters.shift()?.(answer(share));
    }
    share.isTaking = false;
  }

  return {
    async count(key, limit) {
      const share = shareOf(key, limit);
      if (!share.isTaking && isDecided(share)) return answer(share);
      return new Promise((resolve) => {
        share.waiters.push(resolve);
        if (!share.isTaking) void serve(key, share);
      });
    },
  };
}
