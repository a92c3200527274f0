/**
 * The plan's limit at the door of the API: whose minute a request counts in, and what the answer says about it. Known only
 * after authentication, so the permission builders call it (`ctx.limit`); transports that count give it to the context.
 */
import { ServiceError } from "@kombify/agent-contract";
import type { PlanLimitsReader } from "../billing/limits.ts";
import type { Membership } from "../context.ts";
import type { Allowance, PlanLimiter } from "./plan-limiter.ts";

/** Who asks, as far as counting goes. */
export interface Counted {
  user: { id: string };
  memberships: readonly Membership[];
}

/** Counts a request of theirs. @throws ServiceError LIMIT_REACHED with the seconds to wait. */
export type RequestLimit = (who: Counted, selector: string | undefined) => Promise<void>;

/** API use. Pages of the portal read through the caller and are not counted. */
const COUNTED_PATH = /^\/(v1|trpc|ofrep)\//;

export const isCounted = (pathname: string): boolean => COUNTED_PATH.test(pathname);

function describe(headers: Headers, { limit, remaining, resetSeconds }: Allowance): void {
  // A batch counts each of its calls, and its one answer says how it stands after the last.
  const before = headers.get("RateLimit-Remaining");
  const left = String(before === null ? remaining : Math.min(Number(before), remaining));
  headers.set("RateLimit-Limit", String(limit));
  headers.set("RateLimit-Remaining", left);
  headers.set("RateLimit-Reset", String(resetSeconds));
  headers.set("X-RateLimit-Limit-Minute", String(limit));
  headers.set("X-RateLimit-Remaining-Minute", left);
}

/** @param headers of the answer. */
export function createRequestLimit(limiter: PlanLimiter, plans: PlanLimitsReader, headers: Headers): RequestLimit {
  return async ({ user, memberships }, selector) => {
    // A tenant that is not theirs costs its stranger, never its owner.
    const tenant = memberships.find(({ id, slug }) => id === selector || slug === selector) ?? memberships[0];
    const plan = tenant?.plan ?? "free";
    const { requestsPerMinute } = await plans.limitsOf(plan);
    const allowance = await limiter.count(tenant ? `tenant:${tenant.id}` : `user:${user.id}`, requestsPerMinute);
    if (!allowance) return;
    describe(headers, allowance);
    if (allowance.isAllowed) return;
    const seconds = allowance.resetSeconds;
    headers.set("Retry-After", String(seconds));
    throw new ServiceError(
      "LIMIT_REACHED",
      `The plan "${plan}" allows ${requestsPerMinute} requests a minute, and this minute's are used up. Come back in ${seconds} s.`,
      { retryAfterSeconds: seconds },
    );
  };
}
