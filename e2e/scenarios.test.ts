/** The product plan's scenarios of integration, over HTTP as its own examples are: against the running system. */
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { putOnPlan } from "./src/by-sql.ts";
import { type Person, register, somebody } from "./src/people.ts";
import { sharedSystem } from "./src/shared-system.ts";
import { signInStaff } from "./src/staff-api.ts";
import type { System } from "./src/system.ts";
import { until } from "./src/until.ts";

let system: System;
beforeAll(async () => {
  system = await sharedSystem();
}, 180_000);

type SignedUp = Person & { cookie: string; tenantId: string };

async function signUp(name: string): Promise<SignedUp> {
  const person = somebody(name);
  const answer = await register(system.cloudUrl, person);
  expect(answer.status).toBe(201);
  const cookie = answer.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const { tenant } = (await answer.json()) as { tenant: { id: string } };
  await until(`${person.slug} is active`, async () => {
    const shown = await fetch(`${system.cloudUrl}/api/tenant/${person.slug}`, { headers: { cookie } });
    return ((await shown.json()) as { status: string }).status === "active";
  });
  return { ...person, cookie, tenantId: tenant.id };
}

const json = { "content-type": "application/json" };
const post = (path: string, headers: Record<string, string>, body: unknown = {}) =>
  fetch(`${system.cloudUrl}${path}`, { method: "POST", headers: { ...json, ...headers }, body: JSON.stringify(body) });

/** A personal access token, as a person makes one for a program. */
async function tokenOf({ cookie }: SignedUp, scopes = ["stack:read", "stack:write"]): Promise<string> {
  const answer = await post("/api/tokens", { cookie }, { name: "program", scopes });
  expect(answer.status).toBe(201);
  return ((await answer.json()) as { secret: string }).secret;
}

async function stackOf(cookie: string): Promise<number> {
  const answer = await fetch(system.stackUrl, { headers: { cookie }, redirect: "manual" });
  await answer.body?.cancel();
  return answer.status;
}

/** Launches as a program does: the ticket is posted in the name of the portal. */
async function launch({ cookie }: SignedUp): Promise<string> {
  const answer = await post("/api/tenant/launch", { cookie });
  expect(answer.status).toBe(200);
  const { redirectUrl, ticket } = (await answer.json()) as { redirectUrl: string; ticket: string };
  expect(redirectUrl).toBe(`${system.stackUrl}/sso/callback`);
  const landed = await fetch(redirectUrl, {
    method: "POST",
    redirect: "manual",
    headers: { origin: system.cloudUrl },
    body: new URLSearchParams({ ticket }),
  });
  expect(landed.status).toBe(303);
  return landed.headers.getSetCookie()[0]?.split(";")[0] ?? "";
}

describe("the plan's scenarios", () => {
  test("1: registering makes a tenant and places it on an instance", async () => {
    const person = await signUp("plan1");
    const answer = await fetch(`${system.cloudUrl}/api/tenant/${person.slug}`, { headers: { cookie: person.cookie } });
    expect(await answer.json()).toMatchObject({ slug: person.slug, status: "active", instance: { name: "local" } });
  });

  test("2: launching leads to the Stack, signed in; signing out of the portal ends it there too", async () => {
    const person = await signUp("plan2");
    const stackCookie = await launch(person);
    const page = await fetch(system.stackUrl, { headers: { cookie: stackCookie } });
    expect(await page.text()).toContain(person.email);
    expect((await post("/api/auth/logout", { cookie: person.cookie })).status).toBe(200);
    await until("the Stack has signed out", async () => (await stackOf(stackCookie)) === 401);
  });

  test("3: with X-Tenant-ID a caller gets that tenant's data alone, and a foreign tenant is not found", async () => {
    const [ann, bob] = [await signUp("plan3a"), await signUp("plan3b")];
    const second = await post(
      "/api/tenant",
      { cookie: ann.cookie, "idempotency-key": randomUUID() },
      { name: "Attic" },
    );
    const { tenant } = (await second.json()) as { tenant: { slug: string } };
    const authorization = `Bearer ${await tokenOf(ann)}`;
    const stacks = (tenantId: string) =>
      fetch(`${system.cloudUrl}/v1/stacks`, { headers: { authorization, "x-tenant-id": tenantId } });
    await until("the second homelab is active", async () => (await stacks(tenant.slug)).status === 200);
    for (const [slug, name] of [
      [ann.slug, "kitchen"],
      [tenant.slug, "attic"],
    ] as const)
      expect((await post("/v1/stacks", { authorization, "x-tenant-id": slug }, { name })).status).toBeLessThan(300);
    const namesIn = async (selector: string) => {
      const { items } = (await (await stacks(selector)).json()) as { items: { name: string }[] };
      return items.map(({ name }) => name);
    };
    expect(await namesIn(ann.slug)).toEqual(["kitchen"]);
    expect(await namesIn(ann.tenantId)).toEqual(["kitchen"]);
    expect(await namesIn(tenant.slug)).toEqual(["attic"]);
    for (const foreign of [bob.slug, bob.tenantId, randomUUID()]) expect((await stacks(foreign)).status).toBe(404);
  });

  test("4: the free plan gets its hundred requests a minute, then 429 and when to come back; others go on", async () => {
    const [ann, bob] = [await signUp("plan4a"), await signUp("plan4b")];
    const call = async (token: string) =>
      fetch(`${system.cloudUrl}/v1/stacks`, { headers: { authorization: `Bearer ${token}` } });
    const token = await tokenOf(ann);
    const answers = await Promise.all(Array.from({ length: 130 }, () => call(token)));
    const passed = answers.filter(({ status }) => status === 200).length;
    // The page of a minute may turn once while they are on their way.
    expect([100, 130]).toContain(passed);
    const refused = await until("a request is refused", async () => {
      const answer = await call(token);
      return answer.status === 429 ? answer : null;
    });
    expect(refused.headers.get("ratelimit-limit")).toBe("100");
    expect(refused.headers.get("ratelimit-remaining")).toBe("0");
    expect(refused.headers.get("x-ratelimit-limit-minute")).toBe("100");
    expect(refused.headers.get("x-ratelimit-remaining-minute")).toBe("0");
    const waitSeconds = Number(refused.headers.get("retry-after"));
    expect(waitSeconds).toBeGreaterThan(0);
    expect(waitSeconds).toBeLessThanOrEqual(60);
    expect(await refused.json()).toMatchObject({ code: "LIMIT_REACHED", detail: expect.stringContaining("100") });
    expect((await call(await tokenOf(bob))).status).toBe(200);
  });

  test("5: flags match the plan, for a token and on the Stack, and follow a change everywhere", async () => {
    const [free, pro] = [await signUp("plan5a"), await signUp("plan5b")];
    await putOnPlan(system, pro.slug, "pro");
    const staff = await signInStaff(system);
    const key = `disks-${randomUUID().slice(0, 8)}`;
    const disks = (many: number) => ({
      owner: "e2e",
      variants: { few: 1, many },
      defaultVariant: "few",
      targeting: { if: [{ "===": [{ var: "plan" }, "pro"] }, "many"] },
    });
    await staff.saveFlag(key, disks(8));

    type Flags = { flags: Record<string, { value: unknown; reason: string; variant: string }> };
    const inCloud = async (person: SignedUp, token: string) => {
      const answer = await fetch(`${system.cloudUrl}/v1/portal/feature-flags`, {
        headers: { authorization: `Bearer ${token}`, "x-tenant-id": person.slug },
      });
      return ((await answer.json()) as Flags).flags[key];
    };
    const tokens = [await tokenOf(free, ["portal:read"]), await tokenOf(pro, ["portal:read"])] as const;
    await until("Cloud has the flag", async () => (await inCloud(pro, tokens[1]))?.value === 8);
    expect(await inCloud(pro, tokens[1])).toEqual({ value: 8, variant: "many", reason: "TARGETING_MATCH" });
    expect(await inCloud(free, tokens[0])).toEqual({ value: 1, variant: "few", reason: "DEFAULT" });

    const cookies = [await launch(free), await launch(pro)] as const;
    const onStack = async (cookie: string) => {
      const answer = await fetch(`${system.stackUrl}/ofrep/v1/evaluate/flags/${key}`, {
        method: "POST",
        headers: { ...json, cookie, origin: system.stackUrl },
        // What a client says of its plan counts for nothing.
        body: JSON.stringify({ context: { plan: "pro" } }),
      });
      return ((await answer.json()) as { value?: unknown }).value;
    };
    await until("the Stack has the flag", async () => (await onStack(cookies[1])) === 8);
    expect(await onStack(cookies[0])).toBe(1);

    await staff.saveFlag(key, disks(16), 1);
    await until("both have the change", async () => {
      const values = [(await inCloud(pro, tokens[1]))?.value, await onStack(cookies[1])];
      return values.every((value) => value === 16);
    });
    expect([(await inCloud(free, tokens[0]))?.value, await onStack(cookies[0])]).toEqual([1, 1]);
  });
});
