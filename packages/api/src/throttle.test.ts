import { createLogger } from "@kombify/server";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { addressBlock, addressKey } from "./rate-limits/address.ts";
import { openSharedStore } from "./rate-limits/shared-store.ts";
import { hasRedis, startTestRedis } from "./rate-limits/test-redis.ts";
import { createThrottle, type Throttle } from "./throttle.ts";

const wrong = async () => null;
const right = async () => "ann";
/** Addresses of as many neighbourhoods. */
const addresses = (count: number) => Array.from({ length: count }, (_, i) => `10.${i >> 8}.${i & 255}.7`);
/** Seconds to wait, or 0 when the attempt was made. */
const waitOf = (throttle: Throttle, address: string, account: string, prove: () => Promise<string | null> = wrong) =>
  throttle.attempt("login", { address, account }, prove).then(
    () => 0,
    (error) => {
      expect(error).toMatchObject({ code: "LIMIT_REACHED", message: expect.stringContaining("Try again in") });
      return error.retryAfterSeconds as number;
    },
  );

describe("addresses", () => {
  it("are counted by what one subscriber has", () => {
    expect(addressKey("::ffff:192.0.2.9")).toBe("192.0.2.9/32");
    expect(addressKey("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1:2::/64");
    expect(addressBlock("192.0.2.9")).toBe("192.0.2.0/24");
    expect(addressBlock("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1::/48");
    expect(addressKey("unknown")).toBe("unknown");
  });
});

describe("attempts", () => {
  // Time is set, not waited for: the library keeps its windows by the clock.
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("after five failures each further one doubles the wait, up to a quarter of an hour", async () => {
    const throttle = createThrottle({ login: { points: 1000, seconds: 300 } });
    for (let i = 0; i < 5; i++) expect(await waitOf(throttle, "192.0.2.1", "ann@example.com")).toBe(0);
    const waits: number[] = [];
    for (let i = 0; i < 13; i++) {
      expect(await waitOf(throttle, "192.0.2.1", "ann@example.com")).toBe(0);
      const wait = await waitOf(throttle, "192.0.2.99", "Ann@Example.com");
      waits.push(wait);
      vi.advanceTimersByTime(wait * 1000);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
  });

  it("a hundred guesses at once are no way around", async () => {
    const throttle = createThrottle({ login: { points: 1000, seconds: 300 } });
    const waits = await Promise.all(
      Array.from({ length: 100 }, () => waitOf(throttle, "192.0.2.1", "ann@example.com")),
    );
    // Five are free, and one begins the first wait.
    expect(waits.filter((wait) => wait === 0)).toHaveLength(6);
  });

  it("a right password clears the account's failures and not the address's", async () => {
    const throttle = createThrottle({ login: { points: 8, seconds: 300 } });
    for (let i = 0; i < 4; i++) await waitOf(throttle, "192.0.2.1", "ann@example.com");
    expect(await waitOf(throttle, "192.0.2.1", "ann@example.com", right)).toBe(0);
    for (let i = 0; i < 4; i++) expect(await waitOf(throttle, "192.0.2.1", "ann@example.com")).toBe(0);
    // Eight failures of this address by now: it may not even try the next account.
    expect(await waitOf(throttle, "192.0.2.1", "bob@example.com", right)).toBe(300);
    expect(await waitOf(throttle, "198.51.100.1", "bob@example.com", right)).toBe(0);
  });

  it("successes cost an address nothing, also many at once", async () => {
    const throttle = createThrottle({ login: { points: 5, seconds: 300 } });
    const waits = await Promise.all(
      Array.from({ length: 50 }, (_, i) => waitOf(throttle, "192.0.2.1", `person-${i}@example.com`, right)),
    );
    expect(waits.every((wait) => wait === 0)).toBe(true);
  });

  it("who is attacked from elsewhere still gets in, and from everywhere does from where they are known", async () => {
    const throttle = createThrottle();
    expect(await waitOf(throttle, "192.0.2.1", "ann@example.com", right)).toBe(0);
    for (let i = 0; i < 15; i++) await waitOf(throttle, "198.51.100.66", "ann@example.com");
    expect(await waitOf(throttle, "198.51.100.66", "ann@example.com", right)).toBeGreaterThan(0);
    expect(await waitOf(throttle, "203.0.113.5", "ann@example.com", right)).toBe(0);
    for (const address of addresses(120)) await waitOf(throttle, address, "ann@example.com");
    expect(await waitOf(throttle, "100.64.0.1", "ann@example.com", right)).toBeGreaterThan(60);
    expect(await waitOf(throttle, "192.0.2.77", "ann@example.com", right)).toBe(0);
    vi.advanceTimersByTime(3_601_000);
    expect(await waitOf(throttle, "100.64.0.1", "ann@example.com", right)).toBe(0);
  });

  it("kinds have windows of their own, and a reset clears one", async () => {
    const throttle = createThrottle({ invitation: { points: 1, seconds: 60 } });
    await throttle.consume("invitation", "192.0.2.1");
    await throttle.consume("webhook", "192.0.2.1");
    await expect(throttle.consume("invitation", "192.0.2.1")).rejects.toMatchObject({ retryAfterSeconds: 60 });
    await throttle.reset("invitation", "192.0.2.1");
    await throttle.consume("invitation", "192.0.2.1");
  });
});

describe.skipIf(!hasRedis)("with Redis", () => {
  it("failures count in every process, and while Redis is away each process counts for itself", async () => {
    const redis = await startTestRedis();
    const log = createLogger({ name: "test", level: "silent" });
    const stores = [openSharedStore(redis.url, log), openSharedStore(redis.url, log)] as const;
    const [one, other] = stores.map((store) => createThrottle({}, { store })) as [Throttle, Throttle];
    try {
      await expect.poll(() => stores.some((store) => store.isAway()), { timeout: 10_000 }).toBe(false);
      for (let i = 0; i < 3; i++) await waitOf(one, "192.0.2.1", "ann@example.com");
      for (let i = 0; i < 3; i++) await waitOf(other, "192.0.2.1", "ann@example.com");
      expect(await waitOf(one, "192.0.2.1", "ann@example.com")).toBeGreaterThan(0);
      const keys = await stores[0].redis.keys("*");
      expect(keys.join()).not.toContain("ann");
      await redis.kill();
      for (let i = 0; i < 6; i++) await waitOf(one, "192.0.2.1", "ann@example.com");
      expect(await waitOf(one, "192.0.2.1", "ann@example.com")).toBeGreaterThan(0);
    } finally {
      for (const store of stores) store.close();
      await redis.drop();
    }
  });
});
