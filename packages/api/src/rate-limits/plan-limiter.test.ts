import { createLogger } from "@kombify/server";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { memoryCounter, redisCounter } from "./counter.ts";
import { createPlanLimiter, type PlanLimiter } from "./plan-limiter.ts";
import { openSharedStore, type SharedStore } from "./shared-store.ts";
import { hasRedis, startTestRedis, type TestRedis } from "./test-redis.ts";

const log = createLogger({ name: "test", level: "silent" });
const passed = async (requests: Array<ReturnType<PlanLimiter["count"]>>) =>
  (await Promise.all(requests)).filter((allowance) => allowance?.isAllowed).length;

describe("in one process", () => {
  it("lets through what the plan allows and not one more, and says how much is left", async () => {
    const limiter = createPlanLimiter(memoryCounter({ name: "plan", seconds: 60 }).add);
    for (let left = 99; left >= 0; left--)
      expect(await limiter.count("a", 100)).toMatchObject({ isAllowed: true, limit: 100, remaining: left });
    expect(await limiter.count("a", 100)).toMatchObject({ isAllowed: false, remaining: 0 });
    expect(await limiter.count("b", 100)).toMatchObject({ isAllowed: true, remaining: 99 });
  });

  it("begins anew when the window ends", async () => {
    const limiter = createPlanLimiter(memoryCounter({ name: "plan", seconds: 1 }).add);
    const first = await limiter.count("a", 1);
    expect(first).toMatchObject({ isAllowed: true, resetSeconds: 1 });
    expect(await limiter.count("a", 1)).toMatchObject({ isAllowed: false });
    await expect.poll(async () => (await limiter.count("a", 1))?.isAllowed, { timeout: 5_000 }).toBe(true);
  });

  it("a change of plan holds from the next request on, with what was used already", async () => {
    const limiter = createPlanLimiter(memoryCounter({ name: "plan", seconds: 60 }).add);
    expect(await passed(Array.from({ length: 150 }, () => limiter.count("a", 100)))).toBe(100);
    expect(await limiter.count("a", 600)).toMatchObject({ isAllowed: true, limit: 600 });
    expect(await limiter.count("a", 0)).toMatchObject({ isAllowed: false, limit: 0 });
  });
});

describe.skipIf(!hasRedis)("four processes on one Redis", () => {
  let redis: TestRedis;
  let stores: SharedStore[];
  let roundTrips = 0;
  const limiters: PlanLimiter[] = [];
  beforeAll(async () => {
    redis = await startTestRedis();
    stores = Array.from({ length: 4 }, () => openSharedStore(redis.url, log));
    for (const store of stores) {
      const counter = redisCounter(store, { name: "plan", seconds: 60 });
      limiters.push(
        createPlanLimiter((key, points) => {
          roundTrips++;
          return store.use(() => counter.add(key, points));
        }),
      );
    }
    await vi.waitUntil(() => stores.every((store) => !store.isAway()), { timeout: 10_000 });
  });
  afterAll(async () => {
    for (const store of stores ?? []) store.close();
    await redis?.drop();
  });
  const ask = (key: string, limit: number, requests: number) =>
    Array.from({ length: requests }, (_, i) => (limiters[i % 4] as PlanLimiter).count(key, limit));

  it("of 400 requests at once on the free plan exactly 100 pass", async () => {
    expect(await passed(ask("free", 100, 400))).toBe(100);
    expect(await passed(ask("free", 100, 40))).toBe(0);
  });

  it("one after another, exactly 100 pass too, wherever they arrive", async () => {
    let count = 0;
    for (let i = 0; i < 130; i++) count += await passed([(limiters[(i * 7) % 4] as PlanLimiter).count("slow", 100)]);
    expect(count).toBe(100);
  });

  it("business gets at most 3000 and at least 2900, for a tenth of the round trips", async () => {
    roundTrips = 0;
    let count = 0;
    // 25 at a time, as a busy organisation sends them.
    for (let i = 0; i < 140; i++) count += await passed(ask("business", 3000, 25));
    expect(count).toBeLessThanOrEqual(3000);
    expect(count).toBeGreaterThanOrEqual(2900);
    expect(roundTrips).toBeLessThan(350);
  });

  it("a limit that is no multiple of its blocks is kept to the token", async () => {
    expect(await passed(ask("odd", 251, 1200))).toBe(251);
  });
});

describe.skipIf(!hasRedis)("when Redis goes away", () => {
  it("requests pass uncounted at once, each is told of, and limits are kept again when it is back", async () => {
    const redis = await startTestRedis();
    const store = openSharedStore(redis.url, log);
    const counter = redisCounter(store, { name: "plan", seconds: 60 });
    let open = 0;
    const limiter = createPlanLimiter(
      (key, points) => store.use(() => counter.add(key, points)),
      () => open++,
    );
    try {
      await expect.poll(() => store.isAway(), { timeout: 10_000 }).toBe(false);
      expect(await passed(Array.from({ length: 30 }, () => limiter.count("a", 20)))).toBe(20);

      // It hangs: the first request waits half a second, and no other does.
      redis.pause();
      expect(await limiter.count("b", 20)).toBeNull();
      expect(store.isAway()).toBe(true);
      const before = performance.now();
      for (let i = 0; i < 1000; i++) expect(await limiter.count("b", 20)).toBeNull();
      expect(performance.now() - before).toBeLessThan(250);
      expect(open).toBe(1001);
      redis.resume();
      await expect.poll(async () => (await limiter.count("c", 20)) !== null, { timeout: 10_000 }).toBe(true);

      // It is gone altogether, and comes back empty.
      await redis.kill();
      await expect.poll(() => store.isAway(), { timeout: 10_000 }).toBe(true);
      expect(await limiter.count("d", 20)).toBeNull();
      await redis.start();
      await expect.poll(() => store.isAway(), { timeout: 10_000 }).toBe(false);
      expect(await passed(Array.from({ length: 30 }, () => limiter.count("d", 20)))).toBe(20);
    } finally {
      store.close();
      await redis.drop();
    }
  });
});
