/**
 * Limits on attempts. Each kind counts by address, and what proves who somebody is counts by account too, with waits that
 * grow (docs/operations.md says what that means for people). Shared by all processes where there is Redis; where there is
 * none, or while it is away, each process counts for itself: a guess is never free.
 */
import { hash } from "node:crypto";
import { ServiceError } from "@kombify/agent-contract";
import { addressBlock, addressKey } from "./rate-limits/address.ts";
import { type Counter, steadyCounter } from "./rate-limits/counter.ts";
import type { SharedStore } from "./rate-limits/shared-store.ts";

/** What is limited by address alone. For those that prove something, only failures count. */
export const THROTTLE_KINDS = ["register", "login", "join", "reset", "second-factor", "invitation", "webhook"] as const;
export type ThrottleKind = (typeof THROTTLE_KINDS)[number];
/** What somebody proves who they are with. */
export type ProofKind = Extract<ThrottleKind, "login" | "second-factor" | "reset">;

export interface Throttle {
  /** Counts one against an address (or whatever else the key is). @throws ServiceError LIMIT_REACHED with the seconds to wait. */
  consume(kind: ThrottleKind, key: string): Promise<void>;
  reset(kind: ThrottleKind, key: string): Promise<void>;
  /**
   * Lets `prove` find out who somebody is; null means that they are not. Failures count against the address and the account,
   * whether there is such an account or not, and a success clears the account's.
   * @throws ServiceError LIMIT_REACHED with the seconds to wait, without having tried.
   */
  attempt<T>(
    kind: ProofKind,
    who: { address: string; account: string },
    prove: () => Promise<T | null>,
  ): Promise<T | null>;
}

export interface Limit {
  points: number;
  seconds: number;
}
/** Attempts per window. Registrations are generous, since a household, an office or a test shares one address. */
export type ThrottleLimits = Record<ThrottleKind, Limit>;
export const DEFAULT_LIMITS: ThrottleLimits = {
  register: { points: 600, seconds: 60 },
  login: { points: 20, seconds: 300 },
  join: { points: 60, seconds: 60 },
  reset: { points: 10, seconds: 900 },
  "second-factor": { points: 10, seconds: 900 },
  // Each of them is a mail to a stranger in our name.
  invitation: { points: 60, seconds: 3600 },
  webhook: { points: 600, seconds: 60 },
};

/** Failures on an account from one neighbourhood of addresses that cost no wait: people mistype. */
const FREE_FAILURES = 5;
const DAY_SECONDS = 86_400;
const LONGEST_WAIT_SECONDS = 900;
/** Failures on an account from everywhere, within an hour, after which only known neighbourhoods may try. */
const FAILURES_FROM_EVERYWHERE = 100;
/** Attempts of one address that may be under way in this process: people behind one address sign in at the same time. */
const AT_ONCE = 100;
/** How long a neighbourhood stays known after a success. */
const KNOWN_SECONDS = 14 * DAY_SECONDS;

const refusal = (msLeft: number): ServiceError => {
  const seconds = Math.max(1, Math.ceil(msLeft / 1000));
  return new ServiceError("LIMIT_REACHED", `Too many attempts. Try again in ${seconds} seconds.`, {
    retryAfterSeconds: seconds,
  });
};

/** Waits after failures: 1 s, 2 s, 4 s ... 15 min. @param failures from the neighbourhood so far. */
const waitAfter = (failures: number): number => Math.min(2 ** (failures - FREE_FAILURES), LONGEST_WAIT_SECONDS);

export function createThrottle(
  limits: Partial<ThrottleLimits> = {},
  { store = null }: { store?: SharedStore | null } = {},
): Throttle {
  const points = { ...DEFAULT_LIMITS, ...limits };
  const counter = (name: string, seconds: number): Counter =>
    steadyCounter(store, { name: `attempts:${name}`, seconds });
  const counters = Object.fromEntries(
    THROTTLE_KINDS.map((kind) => [kind, counter(kind, points[kind].seconds)]),
  ) as Record<ThrottleKind, Counter>;
  const failures = counter("failures", DAY_SECONDS);
  const waits = counter("waits", LONGEST_WAIT_SECONDS);
  const everywhere = counter("everywhere", 3600);
  const known = counter("known", KNOWN_SECONDS);
  const underWay = new Map<string, number>();

  /** Lets one attempt through a wait: whoever begins it. The wait after that one is twice as long. */
  async function passWait(pair: string): Promise<void> {
    const before = await failures.get(pair);
    if (before.count < FREE_FAILURES && (await failures.add(pair)).count <= FREE_FAILURES) return;
    const wait = await waits.add(pair, 1, waitAfter(Math.max(before.count, FREE_FAILURES)));
    if (wait.count > 1) throw refusal(wait.msLeft);
    if (before.count >= FREE_FAILURES) await failures.add(pair);
  }

  return {
    async consume(kind, key) {
      const { count, msLeft } = await counters[kind].add(addressKey(key));
      if (count > points[kind].points) throw refusal(msLeft);
    },
    reset: (kind, key) => counters[kind].forget(addressKey(key)),
    async attempt(kind, who, prove) {
      const address = addressKey(who.address);
      const ofAddress = await counters[kind].get(address);
      if (ofAddress.count >= points[kind].points) throw refusal(ofAddress.msLeft);
      const atOnce = underWay.get(address) ?? 0;
      if (atOnce >= AT_ONCE) throw refusal(1000);
      underWay.set(address, atOnce + 1);
      try {
        // Nobody's e-mail address needs to be in Redis.
        const account = hash("sha256", `${kind} ${who.account.toLowerCase()}`);
        const pair = `${account}:${addressBlock(who.address)}`;
        // The account's count is raised before the attempt, so that many guesses at once are no way around.
        await passWait(pair);
        const all = await everywhere.add(account);
        if (all.count > FAILURES_FROM_EVERYWHERE && (await known.get(pair)).count === 0) throw refusal(all.msLeft);
        const proven = await prove();
        // The address keeps what it failed before: one good account must not pay for guesses at others.
        if (proven === null) await counters[kind].add(address);
        else
          await Promise.all([failures.forget(pair), waits.forget(pair), everywhere.add(account, -1), known.add(pair)]);
        return proven;
      } finally {
        const left = (underWay.get(address) ?? 1) - 1;
        if (left > 0) underWay.set(address, left);
        else underWay.delete(address);
      }
    },
  };
}
