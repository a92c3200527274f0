/** Remote evaluation on Cloud, over real HTTP: as OpenFeature's own clients see it, and where things go wrong. */
import type { TenantId } from "@kombify/db";
import { createShell, type Listener, listen } from "@kombify/server";
import { OFREPApi, OFREPApiTooManyRequestsError } from "@openfeature/ofrep-core";
import { ProviderEvents } from "@openfeature/web-sdk";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { requestInfoOf } from "../agent-api.ts";
import type { ControlPlane } from "../control-plane.ts";
import { bearer, createTestPlane, makeToken, type Person, signUpPerson, type TestPlane, testLog } from "../testing.ts";
import { CLIENT_FLAGS, describeOfrepClients, openClient, withEventSource } from "./testing-ofrep.ts";
import { BULK_SCHEMA, EVALUATION_SCHEMA, FAILURE_SCHEMA } from "./testing-ofrep-schema.ts";

let plane: TestPlane;
let cloud: Listener;
let ann: Person;
let token: string;

/** A web process as apps/cloud mounts it, without the pages. */
async function serve(part: ControlPlane): Promise<Listener> {
  const shell = createShell({ name: "test", version: "0", log: testLog, checks: {}, exposeMetrics: false });
  shell.app.all("*", async (c) => (await part.handle(c.req.raw, requestInfoOf(c))) ?? c.notFound());
  return listen({ fetch: shell.app.fetch, port: 0, closeTimeoutMs: 500 });
}
const setToggle = async (isOn: boolean) => {
  const { owner } = plane.database;
  await owner`update flags set default_variant = ${isOn ? "on" : "off"} where key = 'toggle'`;
  await owner`update flag_settings set revision = revision + 1`;
};
const isHeard = async () => {
  const { owner } = plane.database;
  const [row] =
    await owner`select s.revision + t.flags_revision as revision from flag_settings s, tenants t where t.id = ${ann.tenant.id}`;
  const { document } = await plane.cloud.can.flagDocuments.of(ann.tenant.id as TenantId);
  expect(document.revision).toBe(Number(row?.revision));
};

beforeAll(async () => {
  plane = await createTestPlane();
  const { owner } = plane.database;
  await owner`insert into plan_limits (plan, requests_per_minute) values ('free', 100000)`;
  for (const [key, flag] of Object.entries(CLIENT_FLAGS)) {
    const targeting = "targeting" in flag ? flag.targeting : {};
    await owner`insert into flags (id, key, state, variants, default_variant, targeting)
      values (gen_random_uuid(), ${key}, ${flag.state}, ${owner.json(flag.variants)}, ${flag.defaultVariant}, ${owner.json(targeting)})`;
  }
  await owner`update flag_settings set revision = revision + 1`;
  cloud = await serve(plane.cloud);
  ann = await signUpPerson(plane, "ann");
  token = (await makeToken(plane, ann, ["portal:read"])).secret;
  await vi.waitFor(isHeard, 10_000);
});
afterAll(async () => {
  await cloud?.close();
  await plane?.close();
});

describeOfrepClients("Cloud", () => ({
  url: cloud.url,
  headers: bearer(token),
  badHeaders: bearer(`kpat_${"A".repeat(43)}`),
  setToggle,
}));

const PATH = "/ofrep/v1/evaluate/flags";
type Body = Record<string, unknown> & { flags: Record<string, unknown>[] };
async function ask(path: string, headers: Record<string, string>, body: unknown = {}) {
  const answer = await fetch(cloud.url + PATH + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: (text === "" ? null : JSON.parse(text)) as Body };
}

describe("trouble", () => {
  it("a plan whose minute is used up is 429 with Retry-After: the client goes stale, keeps its values and waits", async () => {
    const bob = await signUpPerson(plane, "bob");
    const { secret } = await makeToken(plane, bob, ["portal:read"]);
    await plane.database.owner`update tenants set plan = 'pro' where id = ${bob.tenant.id}`;
    await plane.database.owner`insert into plan_limits (plan, requests_per_minute) values ('pro', 3)`;
    try {
      await vi.waitFor(
        async () => expect((await plane.cloud.can.plans.limitsOf("pro")).requestsPerMinute).toBe(3),
        10_000,
      );
      const opened = await openClient(
        { url: cloud.url, headers: bearer(secret) },
        { changeDetection: "polling", pollInterval: 30 },
      );
      await vi.waitFor(() => expect(opened.named(ProviderEvents.Stale).length).toBeGreaterThan(0), 10_000);
      expect(opened.named(ProviderEvents.Stale)[0]?.message).toContain("TooManyRequests");
      expect(opened.statuses.at(-1)).toBe(429);
      expect(opened.client.getNumberValue("disks", 0)).toBe(8);
      const asked = opened.statuses.length;
      const api = new OFREPApi({ baseUrl: cloud.url, headers: Object.entries(bearer(secret)) });
      const refused = await api.postBulkEvaluateFlags({ context: {} }).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(OFREPApiTooManyRequestsError);
      expect((refused as OFREPApiTooManyRequestsError).retryAfterSeconds).toBeGreaterThan(0);
      expect(opened.statuses).toHaveLength(asked);
      const raw = await ask("", bearer(secret));
      expect(raw.body).toEqual({ errorCode: "GENERAL", errorDetails: expect.stringContaining("requests a minute") });
      expect(raw.headers.get("ratelimit-limit")).toBe("3");
      api.close();
    } finally {
      await plane.database.owner`delete from plan_limits where plan = 'pro'`;
    }
  });

  it("a server without its database is 500 without a word of it, and one that is gone is nobody: stale, with the values that were", async () => {
    const broken = await plane.openCloud();
    const listener = await serve(broken);
    const opened = await openClient(
      { url: listener.url, headers: bearer(token) },
      { changeDetection: "polling", pollInterval: 30 },
    );
    await broken.db.close();
    // Whoever was asked for a moment ago is remembered; a token that was never seen is looked up.
    const unseen = await fetch(listener.url + PATH, { method: "POST", headers: bearer(`kpat_${"B".repeat(43)}`) });
    expect(unseen.status).toBe(500);
    const { errorDetails, ...rest } = (await unseen.json()) as Body;
    expect(rest).toEqual({ errorCode: "GENERAL" });
    expect(errorDetails).not.toMatch(/CONNECTION|postgres|ECONN/i);
    await vi.waitFor(() => expect(opened.statuses).toContain(500), { timeout: 15_000 });
    await vi.waitFor(() => expect(opened.named(ProviderEvents.Stale).length).toBeGreaterThan(0), 10_000);
    expect(opened.client.getNumberValue("disks", 0)).toBe(8);
    await listener.close();
    const before = opened.named(ProviderEvents.Stale).length;
    await vi.waitFor(() => expect(opened.named(ProviderEvents.Stale).length).toBeGreaterThan(before), 10_000);
    expect(opened.client.getNumberValue("disks", 0)).toBe(8);
    await broken.close().catch((error: unknown) => expect(error).toBeInstanceOf(Error));
  });

  it("a stream that breaks off makes the client stale; a token that ends ends its stream", async () => {
    const other = await plane.openCloud();
    const listener = await serve(other);
    withEventSource(bearer(token));
    const opened = await openClient({ url: listener.url, headers: bearer(token) }, { pollInterval: 0 });
    await vi.waitFor(() => expect(opened.statuses.length).toBeGreaterThan(1), 10_000);
    await listener.close();
    await other.close();
    await vi.waitFor(() => expect(opened.named(ProviderEvents.Stale).length).toBeGreaterThan(0), 10_000);

    const made = await makeToken(plane, ann, ["portal:read"]);
    const stream = await fetch(`${cloud.url}/ofrep/v1/events`, { headers: bearer(made.secret) });
    expect(stream.headers.get("content-type")).toContain("text/event-stream");
    const reading = stream.text();
    await ann.api.tokens.revoke({ id: made.id });
    expect(await reading).toContain('data: {"type":"refetchEvaluation"}');
    expect((await fetch(`${cloud.url}/ofrep/v1/events`, { headers: bearer(made.secret) })).status).toBe(401);
  });
});

describe("the contract", () => {
  const validate = (schema: object, body: unknown) => {
    const ajv = new Ajv2020({ strict: false });
    expect(ajv.validate(schema, body), JSON.stringify(ajv.errors)).toBe(true);
  };

  it("answers are as OFREP's document has them", async () => {
    const bulk = await ask("", bearer(token), { context: { team: "storage" } });
    expect(bulk.status).toBe(200);
    validate(BULK_SCHEMA, bulk.body);
    expect(bulk.body.eventStreams).toEqual([
      { type: "sse", endpoint: { requestUri: `/ofrep/v1/events?tenantId=${ann.tenant.id}` } },
    ]);
    for (const key of Object.keys(CLIENT_FLAGS))
      validate(EVALUATION_SCHEMA, (await ask(`/${key}`, bearer(token))).body);
    for (const [path, body, status, errorCode] of [
      ["/unheard-of", {}, 404, "FLAG_NOT_FOUND"],
      ["/toggle", "{oops", 400, "PARSE_ERROR"],
      ["/toggle", { context: [] }, 400, "INVALID_CONTEXT"],
    ] as const) {
      const refused = await ask(path, bearer(token), body);
      expect([refused.status, refused.body.errorCode]).toEqual([status, errorCode]);
      validate(FAILURE_SCHEMA, refused.body);
    }
  });

  it("a token, the same as X-API-Key, and a cookie of our own pages are let in; nobody else is", async () => {
    const own = { cookie: ann.cookie };
    const foreign = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    const { secret } = await makeToken(plane, ann, ["stack:read"]);
    const stranger = await signUpPerson(plane, "stranger");
    const tries: [Record<string, string>, number][] = [
      [bearer(token), 200],
      [{ "x-api-key": token }, 200],
      [{ ...foreign, ...bearer(token) }, 200],
      [{ ...foreign, "x-api-key": token, ...own }, 200],
      [own, 200],
      [{ ...own, "x-tenant-id": ann.tenant.slug }, 200],
      [{ ...own, ...foreign }, 403],
      [{}, 401],
      [{ "x-api-key": "nonsense", ...own }, 401],
      [{ "x-api-key": "", ...own }, 401],
      [bearer(secret), 403],
      [{ cookie: stranger.cookie, "x-tenant-id": ann.tenant.slug }, 404],
    ];
    for (const [headers, status] of tries) {
      const answer = await ask("", headers);
      expect([headers, answer.status]).toEqual([headers, status]);
      expect(answer.headers.get("set-cookie")).toBeNull();
      if (status !== 200) expect(answer.body.errorDetails).toEqual(expect.any(String));
    }
    expect((await ask("", {})).headers.get("www-authenticate")).toBe('Bearer realm="kombify"');
    expect((await fetch(cloud.url + PATH)).status).toBe(405);
    expect((await fetch(`${cloud.url}/ofrep/v2/anything`, { headers: own })).status).toBe(404);
  });

  it("what we know of the homelab outweighs what a client says, and a value that changed has another tag", async () => {
    const { owner } = plane.database;
    const byPlan = { if: [{ "==": [{ var: "plan" }, "business"] }, "many"] };
    const before = await ask("", bearer(token));
    await owner`update flags set targeting = ${owner.json(byPlan)}, variants = '{"few":2,"many":8}' where key = 'disks'`;
    await owner`update flag_settings set revision = revision + 1`;
    await vi.waitFor(isHeard, 10_000);
    const named = { ...bearer(token), "if-none-match": `"x", ${before.headers.get("etag")}` };
    const after = await ask("", named, { context: { plan: "business" } });
    expect(after.status).toBe(200);
    expect(after.body.flags.find(({ key }) => key === "disks")).toMatchObject({ value: 2, variant: "few" });
    expect((await ask("", { ...bearer(token), "if-none-match": "*" })).status).toBe(304);
  });
});
