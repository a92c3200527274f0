import type { CompiledFlags, DesiredTenant } from "@kombify/agent-contract";
import { createParser } from "eventsource-parser";
import { afterAll, beforeAll, expect, test } from "vitest";
import { desiredTenant } from "../../test/control-plane-double.ts";
import { bundleOf, documentOf, flagOf } from "../../test/flags.ts";
import { openTenants, startTestAgent, type TestAgent } from "../../test/test-agent.ts";

let agent: TestAgent;
let tenant: DesiredTenant;
let cookie: string;
beforeAll(async () => {
  agent = await startTestAgent();
  tenant = desiredTenant();
  await openTenants(agent, [tenant, desiredTenant()]);
  cookie = await agent.signIn();
});
afterAll(() => agent.drop());

const FLAGS: CompiledFlags = {
  theme: flagOf("off", { targeting: { if: [{ "===": [{ var: "userId" }, "person-1"] }, "beta"] } }),
  plan: flagOf("off", { targeting: { if: [{ "===": [{ var: "plan" }, "free"] }, "on"] } }),
  gone: flagOf("on", { state: "DISABLED" }),
};
const PATH = "/ofrep/v1/evaluate/flags";
const JSON_BODY = { "content-type": "application/json" };
type Answer = {
  status: number;
  headers: Headers;
  body: {
    key?: string;
    value?: unknown;
    reason?: string;
    errorCode?: string;
    errorDetails?: string;
    flags: Array<{ key: string; value?: unknown; reason?: string }>;
    metadata: { revision: number; digest: string; stale: boolean; ageSeconds: number };
    eventStreams?: unknown;
  };
};
async function read(answer: Response): Promise<Answer> {
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text === "" ? null : JSON.parse(text) };
}
const ask = async (path = "", body: unknown = {}, headers: Record<string, string> = {}) =>
  read(
    await fetch(`${agent.url}${PATH}${path}`, {
      method: "POST",
      headers: { ...JSON_BODY, cookie, "sec-fetch-site": "same-origin", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    }),
  );
const askInside = async (path: string, headers: Record<string, string>) =>
  read(await agent.internal(`${PATH}${path}`, { method: "POST", headers: { ...JSON_BODY, ...headers }, body: "{}" }));
const apply = async (body: unknown, headers: Record<string, string> = {}) =>
  read(
    await agent.internal("/api/internal/feature-flags/apply", {
      method: "POST",
      headers: { ...JSON_BODY, ...headers },
      body: JSON.stringify(body),
    }),
  );
const valuesOf = ({ body }: Answer) => Object.fromEntries(body.flags.map(({ key, value }) => [key, value]));

test("before the first document no answer looks like a value", async () => {
  const single = await ask("/theme");
  expect([single.status, single.body.errorCode, single.body.value]).toEqual([500, "PROVIDER_NOT_READY", undefined]);
  const bulk = await ask();
  expect([bulk.status, bulk.body.errorCode]).toEqual([503, "PROVIDER_NOT_READY"]);
});

test("browsers, tokens, API keys and services get the same values, viewers too", async () => {
  await apply(documentOf(tenant, 5, FLAGS));
  const expected = { theme: "it is new", plan: "it is on", gone: undefined };
  const { body } = await agent.exchange(await agent.controlPlane.sign({ role: "viewer" }));
  const viewer = { cookie: "" };
  expect(valuesOf(await ask())).toEqual(expected);
  expect(valuesOf(await ask("", {}, { ...viewer, authorization: `Bearer ${body.token}` }))).toEqual(expected);
  expect(valuesOf(await ask("", {}, { ...viewer, "x-api-key": body.token }))).toEqual(expected);
  const asService = { "x-user-id": "person-1", "x-tenant-id": tenant.slug, "x-user-role": "viewer" };
  expect(valuesOf(await askInside("", asService))).toEqual(expected);
  expect((await askInside("/theme", { ...asService, "x-user-id": "person-2" })).body.value).toBe("it is off");
});

test("a client may ask for somebody else, and is not believed about the tenant", async () => {
  const context = { userId: "person-2", plan: "business", tenantId: "another" };
  expect(valuesOf(await ask("", { context }))).toMatchObject({ theme: "it is off", plan: "it is on" });
  const { status, body } = await ask("/gone");
  expect([status, body.reason, body.value]).toEqual([200, "DISABLED", undefined]);
});

test("each refusal has the status and the shape that the protocol's clients read", async () => {
  const refusals: Array<[Answer, status: number, code: string]> = [
    [await ask("/theme", {}, { cookie: "" }), 401, "GENERAL"],
    [await ask("", {}, { "x-api-key": "k".repeat(50), cookie: "" }), 401, "GENERAL"],
    [await ask("/theme", {}, { "sec-fetch-site": "cross-site" }), 403, "GENERAL"],
    [await ask("/theme", {}, { "x-tenant-id": "somebody-else" }), 404, "FLAG_NOT_FOUND"],
    [await ask("", {}, { "x-tenant-id": "somebody-else" }), 404, "GENERAL"],
    [await ask("/nothing"), 404, "FLAG_NOT_FOUND"],
    [await ask("/theme", "{"), 400, "PARSE_ERROR"],
    [await ask("", { context: [] }), 400, "INVALID_CONTEXT"],
    [await ask("/theme", { context: { a: "x".repeat(1024 * 1024) } }), 413, "PARSE_ERROR"],
    [await askInside("/theme", { "x-user-id": "person-1", "x-tenant-id": "somebody-else" }), 404, "FLAG_NOT_FOUND"],
  ];
  for (const [{ status, body, headers }, expected, code] of refusals) {
    expect([status, body.errorCode], body.errorDetails).toEqual([expected, code]);
    expect(headers.get("content-type")).toContain("application/json");
    expect(body).not.toHaveProperty("detail");
  }
  const single = await ask("/theme", "{");
  expect(single.body.key).toBe("theme");
});

test("an answer that is current costs no body, and a changed value makes it another one", async () => {
  const first = await ask();
  const etag = first.headers.get("etag") ?? "";
  expect(first.body.eventStreams).toEqual([{ type: "sse", endpoint: { requestUri: "/ofrep/v1/events" } }]);
  expect((await ask("", {}, { "if-none-match": etag })).status).toBe(304);
  await apply(documentOf(tenant, 6, { ...FLAGS, plan: flagOf("beta") }));
  const next = await ask("", {}, { "if-none-match": etag });
  expect([next.status, valuesOf(next).plan]).toEqual([200, "it is new"]);
});

/** What a stream says, and whether it has ended. */
async function follow(headers: Record<string, string>) {
  const answer = await fetch(`${agent.url}/ofrep/v1/events`, { headers });
  const events: unknown[] = [];
  const parser = createParser({ onEvent: ({ event, data }) => void events.push([event, JSON.parse(data)]) });
  const stream = { status: answer.status, events, isOver: false, isOpen: false };
  const reading = (async () => {
    for await (const text of (answer.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream())) {
      stream.isOpen = true;
      parser.feed(text);
    }
  })();
  reading
    .catch(() => undefined)
    .finally(() => {
      stream.isOver = true;
    });
  await expect.poll(() => stream.isOpen).toBe(true);
  return stream;
}

test("a change is announced to those who listen, of this tenant alone, until their session ends", async () => {
  const other = agent.controlPlane.document.tenants[1] as DesiredTenant;
  const own = await agent.signIn();
  const stream = await follow({ cookie: own });
  await apply(documentOf(other, 5, FLAGS));
  const document = documentOf(tenant, 7, FLAGS);
  await apply(document);
  await expect.poll(() => stream.events).toEqual([[undefined, { type: "refetchEvaluation", etag: document.digest }]]);
  expect((await fetch(`${agent.url}/ofrep/v1/events`)).status).toBe(401);
  const logout = { cookie: own, "sec-fetch-site": "same-origin" };
  await fetch(`${agent.url}/logout`, { method: "POST", redirect: "manual", headers: logout });
  await expect.poll(() => stream.isOver, { timeout: 10_000 }).toBe(true);
}, 20_000);

test("what older control planes send is kept below the document, whole or by name", async () => {
  const [third] = [desiredTenant()];
  await openTenants(agent, [third]);
  const of = { "x-tenant-id": third.slug };
  const asService = { "x-user-id": "person-1", "x-tenant-id": third.slug, "x-user-role": "owner" };
  const values = async () => valuesOf(await askInside("", asService));
  const first = await apply(
    {
      flags: [
        { key: "plan", enabled: true },
        { key: "a", enabled: true, reason: "why" },
      ],
    },
    of,
  );
  expect(first.body).toEqual({ revision: 0, digest: expect.stringMatching(/^[0-9a-f]{64}$/), applied: true });
  expect(await values()).toEqual({ plan: true, a: true });
  await apply({ flags: [{ key: "b", enabled: false }] }, { "x-tenant-id": third.tenantId });
  expect(await values()).toEqual({ plan: true, a: true, b: false });
  await apply(
    {
      flags: [
        { key: "b", enabled: true },
        { key: "plan", enabled: false },
      ],
      full: true,
    },
    of,
  );
  expect(await values()).toEqual({ plan: false, b: true });

  const document = documentOf(third, 3, FLAGS);
  await apply(document);
  expect(await values()).toEqual({ theme: "it is new", plan: "it is on", gone: undefined, b: true });
  expect((await askInside("/plan", asService)).body.value).toBe("it is on");
  expect((await askInside("/b", asService)).body.value).toBe(true);
  const again = await apply({ flags: [] }, of);
  expect(again.body).toEqual({ revision: 3, digest: document.digest, applied: true });

  expect((await apply({ flags: [] })).status).toBe(400);
  expect((await apply({ flags: [] }, { "x-tenant-id": "somebody-else" })).status).toBe(404);
  expect((await apply({ flags: [{ key: "a", enabled: "yes" }] }, of)).status).toBe(400);
});

test("the console shows what is in effect for who looks, and why, in words", async () => {
  const fourth = desiredTenant({ name: "Lab" });
  await openTenants(agent, [fourth]);
  const own = await agent.signIn(
    agent.controlPlane.sign({ tenantId: fourth.tenantId, orgId: fourth.orgId, role: "viewer" }),
  );
  const page = async () => (await fetch(`${agent.url}/flags`, { headers: { cookie: own } })).text();
  expect(await page()).toContain("No flags yet");
  const share = { fractional: [{ var: "userId" }, ["beta", 100_000]] };
  const document = documentOf(fourth, 3, {
    ...FLAGS,
    "a-share": flagOf("off", { targeting: { if: [false, "off", share] } }),
    "for-us": flagOf("on", { metadata: { decidedBy: "override" } }),
    killed: flagOf("off", { metadata: { decidedBy: "killed" }, offVariant: "off" }),
    needs: flagOf("on", { prerequisites: [{ flag: "killed", variants: ["on"] }], offVariant: "off" }),
    hostile: flagOf("on", { variants: { on: "<b>&" } }),
    switched: flagOf("off", { variants: { on: true, off: false } }),
  });
  await apply(document);
  const shown = await page();
  expect(shown).toMatch(/pill-good">.*?on<\/span>/);
  // What is off is no success.
  expect(shown).toMatch(/switched<\/span>.*?pill-quiet">[^\n]*?off<\/span>/s);
  const text = shown.replace(/<[^>]+>/g, " ").replace(/\s+/g, " ");
  for (const words of [
    "Revision 3",
    "9 flags",
    "theme &quot;it is new&quot; Rule 1: it fits you. beta",
    "a-share &quot;it is new&quot; When no rule fits: shared out",
    "for-us &quot;it is on&quot; Set for this homelab alone.",
    "killed &quot;it is off&quot; Killed: stopped for everybody. Killed",
    "needs &quot;it is off&quot; Needs killed, which does not give what it should.",
    "gone the program's own default Switched off altogether. No value",
    "hostile &quot;&lt;b&gt;&amp;&quot; The same for everybody.",
  ])
    expect(text).toContain(words);
});

test("counts come with reports, each report with what changed, and a report that failed loses nothing", async () => {
  const asService = { "x-user-id": "person-1", "x-tenant-id": tenant.slug, "x-user-role": "owner" };
  const counted = async (fits: (count: number) => boolean) => {
    const report = await agent.controlPlane.reported(({ flagUsage = [] }) =>
      flagUsage.some(({ key, variant, count }) => key === "counted" && variant === "beta" && fits(count)),
    );
    return report.flagUsage ?? [];
  };
  await apply(documentOf(tenant, 20, { counted: flagOf("beta"), quiet: flagOf("on", { state: "DISABLED" }) }));
  for (let i = 0; i < 3; i++) await askInside("/counted", asService);
  await askInside("/quiet", asService);
  await askInside("/nothing", asService);
  const first = await counted((count) => count === 3);
  expect(first).toContainEqual({ key: "quiet", variant: "", count: 1 });
  expect(first.map(({ key }) => key)).not.toContain("nothing");

  // Heard, and the agent knows it.
  const isAllTold = () =>
    expect
      .poll(
        () => {
          agent.controlPlane.publish({});
          return agent.controlPlane.reports.at(-1)?.flagUsage;
        },
        { timeout: 10_000 },
      )
      .toEqual([]);
  await isAllTold();
  await agent.controlPlane.stop();
  await askInside("/counted", asService);
  // A report has failed meanwhile.
  const ready = async () => (await fetch(`${agent.url}/ready`)).text();
  await expect.poll(ready, { timeout: 20_000 }).toContain("away, last heard");
  const seen = agent.controlPlane.reports.length;
  await agent.controlPlane.start();
  const second = await counted((count) => count === 4);
  expect(
    second.map(({ key }) => key),
    "only what changed",
  ).toEqual(["counted"]);
  expect(agent.controlPlane.reports.length).toBeGreaterThan(seen);

  await isAllTold();
  await askInside("/counted", asService);
  await agent.stop();
  await counted((count) => count === 5);
  await agent.start();
}, 60_000);

test("with the control plane away values stay what they were, also after a restart, and say how old they are", async () => {
  const before = documentOf(tenant, 30, { theme: flagOf("beta"), plan: flagOf("off") });
  const other = documentOf(agent.controlPlane.document.tenants[1] as DesiredTenant, 31, FLAGS);
  const third = documentOf(agent.controlPlane.document.tenants[2] as DesiredTenant, 31, FLAGS);
  agent.controlPlane.publishFlags(bundleOf([before, other, third]));
  const standing = async () => (await ask()).body.metadata;
  await expect.poll(standing, { timeout: 10_000 }).toMatchObject({ revision: 30, digest: before.digest, stale: false });
  const values = valuesOf(await ask());

  await agent.controlPlane.stop();
  // Stored, and not yet acknowledged to anybody.
  const unheard = documentOf(tenant, 32, { theme: flagOf("on"), plan: flagOf("off") });
  await apply(unheard);
  await agent.stop();
  await agent.start();
  await expect.poll(standing, { timeout: 20_000 }).toMatchObject({ revision: 32, digest: unheard.digest, stale: true });
  const { ageSeconds } = await standing();
  await expect.poll(async () => (await standing()).ageSeconds, { timeout: 5_000 }).toBeGreaterThan(ageSeconds);
  expect(valuesOf(await ask())).toEqual({ ...values, theme: "it is on" });
  const ready = (await (await fetch(`${agent.url}/ready`)).json()) as { checks: { flags: { detail: string } } };
  expect(ready.checks.flags).toMatchObject({ status: "ok", detail: expect.stringContaining("stale") });
  const page = await (await fetch(`${agent.url}/flags`, { headers: { cookie } })).text();
  expect(page).toContain("These flags may be out of date.");

  // The control plane comes back with what it had: it is older, so it changes nothing and is told.
  await agent.controlPlane.start();
  await agent.controlPlane.reported(({ tenants }) =>
    tenants.some(({ flags }) => flags?.revision === 32 && /older than revision 32/.test(flags.error ?? "")),
  );
  agent.controlPlane.publishFlags(bundleOf([unheard, other, third]));
  await expect.poll(standing, { timeout: 20_000 }).toMatchObject({ revision: 32, stale: false });
}, 90_000);

test.for([
  ["an empty answer", () => new Response(null, { status: 200 })],
  ["null", () => Response.json(null)],
  ["no documents", () => Response.json({ ...bundleOf([]), etag: "0".repeat(64) })],
  ["no JSON", () => new Response("<html>")],
  ["an unknown version", () => Response.json({ ...bundleOf([]), schemaVersion: 2 })],
  ["a failure", () => new Response("no", { status: 500 })],
  ["a refusal", () => new Response("no", { status: 403 })],
] as const)("%s of the control plane leaves flags as they are, stale", async ([_, respond]) => {
  const values = valuesOf(await ask());
  const { answerFlags: good, reports } = agent.controlPlane;
  const seen = reports.length;
  agent.controlPlane.answerFlags = respond;
  agent.controlPlane.publish({});
  await expect.poll(async () => (await ask()).body.metadata.stale, { timeout: 10_000 }).toBe(true);
  expect(valuesOf(await ask())).toEqual(values);
  await agent.controlPlane.reported(
    (report) =>
      reports.indexOf(report) >= seen &&
      report.tenants.some(({ tenantId, flags }) => tenantId === tenant.tenantId && flags?.error !== undefined),
  );
  agent.controlPlane.answerFlags = good;
  agent.controlPlane.publish({});
  await expect.poll(async () => (await ask()).body.metadata.stale, { timeout: 10_000 }).toBe(false);
});

test("a damaged store gives way to the document before, then to nothing, and never keeps the agent from starting", async () => {
  const { admin } = agent.database;
  const [older, newer] = [
    documentOf(tenant, 40, { theme: flagOf("on") }),
    documentOf(tenant, 41, { theme: flagOf("off") }),
  ];
  agent.controlPlane.answerFlags = undefined;
  await apply(older);
  await apply(newer);
  const restartWith = async (damage: () => Promise<unknown>) => {
    await agent.stop();
    await damage();
    await agent.start();
    return ask("/theme");
  };
  const intact = await restartWith(async () => undefined);
  expect(intact.body.value).toBe("it is off");
  const before = await restartWith(
    () => admin`update stack._feature_flags set flags = '{"theme":' where id = ${newer.flagsDigest}`,
  );
  expect([before.body.value, before.body.metadata]).toEqual([
    "it is on",
    expect.objectContaining({ revision: 40, stale: true }),
  ]);
  await agent.controlPlane.reported(({ tenants }) =>
    tenants.some(({ flags }) => flags?.revision === 40 && /cannot be read/.test(flags.error ?? "")),
  );
  // The newer one is taken again, and what was damaged is written anew.
  await apply(newer);
  expect((await restartWith(async () => undefined)).body).toMatchObject({ value: "it is off" });

  const nothing = await restartWith(
    () => admin`update stack._feature_flags set current = '?', previous = '{}', flags = ''`,
  );
  expect([nothing.status, nothing.body.errorCode]).toEqual([500, "PROVIDER_NOT_READY"]);
  expect((await fetch(`${agent.url}/ready`)).status).toBe(200);
  await apply(older);
  expect((await ask("/theme")).body.value).toBe("it is on");

  const unreadable = await restartWith(() => admin`alter table stack._feature_flags rename to away`);
  expect(unreadable.status).toBe(500);
  await admin`alter table stack.away rename to _feature_flags`;
  await apply(newer);
  expect((await ask("/theme")).body.value).toBe("it is off");
}, 90_000);
