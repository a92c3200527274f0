/** Limits of plans over real HTTP, against two web processes. */
import { createShell, type Listener, listen } from "@kombify/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requestInfoOf } from "../agent-api.ts";
import type { ControlPlane } from "../control-plane.ts";
import { createTestPlane, type Person, signUpPerson, type TestPlane, testLog } from "../testing.ts";
import { hasRedis, startTestRedis, type TestRedis } from "./test-redis.ts";

interface Web {
  listener: Listener;
  metrics(): Promise<string>;
}

/** A web process as apps/cloud mounts it, without the pages. */
async function serve(plane: ControlPlane, asGateway = false): Promise<Web> {
  const shell = createShell({ name: "test", version: "0", log: testLog, checks: plane.checks, exposeMetrics: false });
  plane.measureIn(shell.registry);
  const peer = { kind: "service", name: "gateway" } as const;
  shell.app.all("*", async (c) => {
    const info = requestInfoOf(c);
    return (await plane.handle(c.req.raw, asGateway ? { ...info, peer } : info)) ?? c.notFound();
  });
  return { listener: await listen({ fetch: shell.app.fetch, port: 0 }), metrics: () => shell.registry.metrics() };
}

const ME = "/v1/portal/me";
const TRPC = (calls: number) =>
  `/trpc/${Array.from({ length: calls }, () => "identity.me").join(",")}?batch=1&input=${encodeURIComponent("{}")}`;
const get = (web: Web, path: string, person: Person, headers: Record<string, string> = {}) =>
  fetch(web.listener.url + path, { headers: { cookie: person.cookie, ...headers } });
const statusesOf = (answers: Response[]) => answers.map(({ status }) => status);
const many = (webs: Web[], person: Person, count: number) =>
  Promise.all(Array.from({ length: count }, (_, i) => get(webs[i % webs.length] as Web, ME, person)));
const openCount = async (web: Web) =>
  Number(/^kombify_rate_limit_open_total\S* (\d+)/m.exec(await web.metrics())?.[1] ?? 0);

describe("in one process", () => {
  let plane: TestPlane;
  let web: Web;
  let gateway: Web;
  beforeAll(async () => {
    plane = await createTestPlane();
    web = await serve(plane.cloud);
    gateway = await serve(plane.cloud, true);
  });
  afterAll(async () => {
    await web?.listener.close();
    await gateway?.listener.close();
    await plane?.close();
  });

  it("the free plan gets its 100 a minute and then 429, with every header of the contract", async () => {
    const ann = await signUpPerson(plane, "ann");
    const first = await get(web, ME, ann);
    expect(Object.fromEntries(first.headers)).toMatchObject({
      "ratelimit-limit": "100",
      "ratelimit-remaining": "99",
      "x-ratelimit-limit-minute": "100",
      "x-ratelimit-remaining-minute": "99",
    });
    expect(Number(first.headers.get("ratelimit-reset"))).toBeLessThanOrEqual(60);
    const answers = await many([web], ann, 109);
    expect(statusesOf(answers).filter((status) => status === 200)).toHaveLength(99);
    const refused = await get(web, ME, ann);
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe(refused.headers.get("ratelimit-reset"));
    expect(refused.headers.get("ratelimit-remaining")).toBe("0");
    expect(refused.headers.get("x-ratelimit-limit-minute")).toBe("100");
    expect(await refused.json()).toMatchObject({
      code: "LIMIT_REACHED",
      status: 429,
      detail: expect.stringMatching(/"free" allows 100 requests a minute.* Come back in \d+ s/),
    });
    const overTrpc = await get(web, TRPC(1), ann);
    expect(overTrpc.status).toBe(429);
    expect(overTrpc.headers.get("retry-after")).not.toBeNull();
    expect(overTrpc.headers.get("ratelimit-remaining")).toBe("0");
    // Pages of the portal go on: they read through the caller.
    await expect(ann.api.identity.me()).resolves.toBeDefined();
  });

  it("a batch of five calls counts five, and its answer says how it stands after the last", async () => {
    const bob = await signUpPerson(plane, "bob");
    const answer = await get(web, TRPC(5), bob);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("ratelimit-remaining")).toBe("95");
  });

  it("a refusal carries the headers too, and who is not signed in is not counted", async () => {
    const cem = await signUpPerson(plane, "cem");
    const missing = await get(web, "/v1/stacks", cem, { "x-tenant-id": "nobodys" });
    expect(missing.status).toBe(404);
    expect(missing.headers.get("content-type")).toBe("application/problem+json");
    expect(missing.headers.get("ratelimit-remaining")).toBe("99");
    const stranger = await fetch(web.listener.url + ME);
    expect(stranger.status).toBe(401);
    expect(stranger.headers.get("ratelimit-limit")).toBeNull();
    expect((await fetch(`${web.listener.url}/openapi.json`)).headers.get("ratelimit-limit")).toBeNull();
  });

  it("whom the gateway names it has counted; whom it does not know is counted here", async () => {
    const dee = await signUpPerson(plane, "dee");
    const named = await get(gateway, ME, dee, { "x-user-id": dee.id });
    expect(named.status).toBe(200);
    expect(named.headers.get("ratelimit-limit")).toBeNull();
    expect((await get(gateway, ME, dee)).headers.get("ratelimit-remaining")).toBe("99");
    expect((await get(web, ME, dee)).headers.get("ratelimit-remaining")).toBe("98");
  });

  it("a member of two homelabs spends the one that the request selects, and a stranger's selector costs the stranger", async () => {
    const [eve, fay] = [await signUpPerson(plane, "eve"), await signUpPerson(plane, "fay")];
    const remaining = async (person: Person, selector?: string) =>
      (await get(web, ME, person, selector ? { "x-tenant-id": selector } : {})).headers.get("ratelimit-remaining");
    await plane.database
      .owner`insert into memberships (tenant_id, user_id, role) values (${eve.tenant.id}, ${fay.id}, 'viewer')`;
    await plane.database.owner`update tenants set plan = 'pro' where id = ${eve.tenant.id}`;
    // Their session is known already, with one homelab.
    await plane.database
      .owner`select pg_notify('kombify_changes', ${JSON.stringify({ noun: "sessions", id: fay.id })})`;
    await expect.poll(() => remaining(fay, eve.tenant.slug), { timeout: 10_000 }).toBe("599");
    const own = Number(await remaining(fay, fay.tenant.id));
    expect(await remaining(fay)).toBe(String(own - 1));
    const gus = await signUpPerson(plane, "gus");
    expect(await remaining(gus, eve.tenant.id)).toBe("99");
  });

  it("a number in plan_limits holds at once in every process, for requests and for what pages show", async () => {
    const hal = await signUpPerson(plane, "hal");
    const view = async () => (await hal.api.tenants.get({ slug: hal.tenant.slug })).limits;
    expect(await view()).toMatchObject({ members: { max: 2 }, sims: { max: 1 } });
    const limit = async () => (await get(web, ME, hal)).headers.get("ratelimit-limit");
    expect(await limit()).toBe("100");
    await plane.database.owner`insert into plan_limits (plan, requests_per_minute, members) values ('free', 7, 9)`;
    // The memory of a process lasts five seconds; the news is there long before.
    await expect.poll(limit, { timeout: 3_000 }).toBe("7");
    expect(await view()).toMatchObject({ members: { max: 9 }, sims: { max: 1 } });
    await plane.database.owner`delete from plan_limits`;
    await expect.poll(limit, { timeout: 3_000 }).toBe("100");
  });
});

describe.skipIf(!hasRedis)("two web processes on one Redis", () => {
  let redis: TestRedis;
  let plane: TestPlane;
  let second: ControlPlane;
  let webs: [Web, Web];
  beforeAll(async () => {
    redis = await startTestRedis();
    plane = await createTestPlane({ redisUrl: redis.url });
    second = await plane.openCloud();
    webs = [await serve(plane.cloud), await serve(second)];
  });
  afterAll(async () => {
    for (const web of webs ?? []) await web.listener.close();
    await second?.close();
    await plane?.close();
    await redis?.drop();
  });
  const redisState = async () => {
    const ready = await fetch(`${webs[0].listener.url}/ready`);
    return [ready.status, ((await ready.json()) as { checks: { redis: object } }).checks.redis];
  };
  const isThere = () =>
    expect.poll(redisState, { timeout: 10_000 }).toEqual([200, { status: "ok", latencyMs: expect.any(Number) }]);

  it("100 of 140 requests pass, wherever they arrive", async () => {
    await isThere();
    const ann = await signUpPerson(plane, "ann");
    const answers = await many(webs, ann, 140);
    expect(statusesOf(answers).filter((status) => status === 200)).toHaveLength(100);
    expect(statusesOf(answers).filter((status) => status === 429)).toHaveLength(40);
  });

  it("Redis killed in the middle: every request is answered, the counter tells, and limits are kept again", async () => {
    await isThere();
    const bob = await signUpPerson(plane, "bob");
    await plane.database.owner`update tenants set plan = 'business' where id = ${bob.tenant.id}`;
    const statuses: number[] = [];
    let isOver = false;
    const drivers = Array.from({ length: 8 }, async (_, i) => {
      while (!isOver) statuses.push((await get(webs[i % 2] as Web, ME, bob)).status);
    });
    await expect.poll(() => statuses.length, { timeout: 10_000 }).toBeGreaterThan(50);
    await redis.kill();
    await expect.poll(() => openCount(webs[0]), { timeout: 10_000 }).toBeGreaterThan(30);
    expect(await redisState()).toEqual([200, expect.objectContaining({ detail: expect.stringContaining("away") })]);
    const cem = await signUpPerson(plane, "cem");
    expect(new Set(statusesOf(await many(webs, cem, 120)))).toEqual(new Set([200]));
    isOver = true;
    await Promise.all(drivers);
    expect(new Set(statuses)).toEqual(new Set([200]));
    await redis.start();
    await isThere();
    await expect.poll(async () => (await get(webs[1], ME, cem)).headers.get("ratelimit-limit")).toBe("100");
    const after = statusesOf(await many(webs, cem, 120));
    expect(after.filter((status) => status === 200).length).toBeLessThanOrEqual(100);
    expect(after).toContain(429);
  });
});
