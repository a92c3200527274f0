/** Limits on attempts, by address or account. In this process; several processes each have their own count. */
import { ServiceError } from "@kombify/agent-contract";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import type { Throttle } from "./context.ts";

/** Attempts per window. Registrations are generous, since a household, an office or a test shares one address. */
export interface ThrottleLimits {
  register: { points: number; seconds: number };
  login: { points: number; seconds: number };
  join: { points: number; seconds: number };
  /** Events whose signature was not good; good ones are not counted. */
  webhook?: { points: number; seconds: number };
}
export const DEFAULT_LIMITS: ThrottleLimits = {
  register: { points: 600, seconds: 60 },
  login: { points: 20, seconds: 300 },
  join: { points: 60, seconds: 60 },
  webhook: { points: 600, seconds: 60 },
};

export function createThrottle(limits: ThrottleLimits = DEFAULT_LIMITS): Throttle {
  const limiterOf = ({ points, seconds }: { points: number; seconds: number }) =>
    new RateLimiterMemory({ points, duration: seconds });
  const limiters = {
    register: limiterOf(limits.register),
    login: limiterOf(limits.login),
    join: limiterOf(limits.join),
    webhook: limiterOf(limits.webhook ?? { points: 600, seconds: 60 }),
  };
  return {
    async consume(kind, key) {
      try {
        await limiters[kind].consume(key);
      } catch (rejected) {
        if (!(rejected instanceof RateLimiterRes)) throw rejected;
        const seconds = Math.max(1, Math.ceil(rejected.msBeforeNext / 1000));
        throw new ServiceError("LIMIT_REACHED", `Too many attempts. Try again in ${seconds} seconds.`, {
          retryAfterSeconds: seconds,
        });
      }
    },
    reset: async (kind, key) => {
      await limiters[kind].delete(key);
    },
  };
}
