import type { CertificateGrant } from "@kombify/agent-contract";
import { createTestPlane, issuerOf, leafWith, signInStaff, type TestPlane, testLog } from "@kombify/api/testing";
import type { Listener } from "@kombify/server";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { openAgentListener } from "./agent-listener.ts";
import { agentClient, newKey } from "./test/agent-client.ts";

let plane: TestPlane;
let listener: Listener;
const clients: { close(): void }[] = [];

beforeAll(async () => {
  plane = await createTestPlane();
  listener = await openAgentListener({ controlPlane: plane.admin, port: 0, version: "0", log: testLog });
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});
afterAll(async () => {
  await listener.close();
  await plane.close();
});

const client = (...identity: Parameters<typeof agentClient> extends [string, ...infer Rest] ? Rest : never) => {
  const opened = agentClient(listener.url, ...identity);
  clients.push(opened);
  return opened;
};

async function joinedAgent(name: string) {
  const staff = await signInStaff(plane, "operator");
  const { joinToken, instance } = await staff.api.instances.register({ name });
  const { key, csr } = await newKey();
  const joining = {
    token: joinToken,
    csr,
    publicUrl: "http://localhost:3100",
    internalUrl: "https://localhost:3101",
    engine: "postgres",
    capacity: 100,
    agentVersion: "test",
  };
  const stranger = client();
  const answer = await stranger.send("POST", "/api/agent/join", joining);
  const grant = answer.body as unknown as CertificateGrant;
  return { staff, id: instance.id, joining, stranger, answer, identity: { key, grant } };
}

test("a host joins without a certificate, once, and is known by the one it gets", async () => {
  const { answer, stranger, joining, identity } = await joinedAgent("joins");
  expect(answer.status).toBeLessThan(300);
  const again = await stranger.send("POST", "/api/agent/join", joining);
  expect(again).toMatchObject({ status: 403, body: { detail: expect.stringContaining("used already") } });
  // Nothing is wished of it yet: it has what there is.
  expect((await client(identity).send("GET", "/api/agent/desired?revision=0")).status).toBe(304);
});

test.each([
  ["GET", "/api/agent/desired?revision=0"],
  ["GET", "/api/agent/flags"],
  ["GET", "/api/agent/events"],
  ["POST", "/api/agent/report"],
  ["POST", "/api/agent/renew"],
])("%s %s refuses a client without a certificate", async (method, path) => {
  const answer = await client().send(method, path, method === "POST" ? {} : undefined);
  expect(answer).toMatchObject({ status: 401, body: { code: "FORBIDDEN", requestId: expect.any(String) } });
});

test("a certificate of somebody else's authority is no certificate", async () => {
  const { identity } = await joinedAgent("genuine");
  const other = await createTestPlane();
  const foreign = await openAgentListener({ controlPlane: other.admin, port: 0, version: "0", log: testLog });
  const visitor = agentClient(foreign.url, identity);
  expect((await visitor.send("GET", "/api/agent/desired?revision=0")).status).toBe(401);
  visitor.close();
  await foreign.close();
  await other.close();
});

test.each<[string, { uris?: string[]; usages?: string[]; lifeMs?: number }]>([
  ["has ended", { lifeMs: -1_000 }],
  ["has two SPIFFE ids", { uris: ["spiffe://kombify/service/admin"] }],
  ["has its id as a common name only", { uris: [] }],
  ["is of another trust domain", { uris: ["spiffe://elsewhere/instance/0190a000-0000-7000-8000-000000000001"] }],
  ["is for servers only", { usages: ["1.3.6.1.5.5.7.3.1"] }],
  ["nobody wrote down", {}],
])("an agent's certificate that %s is refused", async (what, options) => {
  const { id } = await joinedAgent(`odd-${what.replaceAll(/[^a-z]+/g, "-")}`.slice(0, 30));
  const spiffeId = `spiffe://kombify/instance/${id}`;
  const uris = what.includes("two") ? [spiffeId, ...(options.uris ?? [])] : options.uris;
  const { key, cert } = await leafWith(await issuerOf(plane), spiffeId, { ...options, ...(uris ? { uris } : {}) });
  const answer = await client({ key, grant: { certificate: cert } as CertificateGrant }).send(
    "GET",
    "/api/agent/desired?revision=0",
  );
  expect(answer).toMatchObject({ status: 401, body: { code: "FORBIDDEN" } });
});

test("a service of ours is nobody to the listener for agents, whatever it says of a person", async () => {
  const { key, cert } = await plane.admin.authority.issueService("gateway");
  const answer = await client({ key, grant: { certificate: cert } as CertificateGrant }).send(
    "GET",
    "/api/agent/desired?revision=0",
  );
  expect(answer).toMatchObject({ status: 401 });
});

test("our own services push flags through it, and neither agents nor the gateway nor strangers do", async () => {
  const path = "/api/internal/feature-flags/nobody";
  const as = (service: "cloud" | "gateway") =>
    plane.admin.authority
      .issueService(service)
      .then(({ key, cert }) => client({ key, grant: { certificate: cert } as CertificateGrant }));
  expect(await (await as("cloud")).send("POST", path)).toMatchObject({ status: 404, body: { code: "NOT_FOUND" } });
  const { identity } = await joinedAgent("pushes");
  for (const refused of [await as("gateway"), client(identity), client()])
    expect(await refused.send("POST", path)).toMatchObject({ status: 401 });
});

test("an agent that is cut off loses its open connections and is refused from then on", async () => {
  const { staff, id, identity } = await joinedAgent("cut-off");
  const agent = client(identity);
  const { ended } = await agent.hints();
  await staff.api.instances.revoke({ id });
  await ended;
  const answer = await client(identity).send("GET", "/api/agent/desired?revision=0");
  expect(answer).toMatchObject({ status: 401, body: { detail: expect.stringContaining("revoked") } });
});

test("the pages and the API for staff are not on the listener for agents", async () => {
  expect((await client().send("GET", "/api/admin/instances")).status).toBe(404);
  expect((await client().send("GET", "/health")).status).toBe(200);
});

test("a renewed certificate of ours is served to new connections while open ones go on", async () => {
  const short = await createTestPlane({ leafLifetimeMs: 2_000 });
  const renewing = await openAgentListener({ controlPlane: short.admin, port: 0, version: "0", log: testLog });
  const early = agentClient(renewing.url);
  const before = (await early.send("GET", "/health")).serverSerial;
  await expect
    .poll(
      async () => {
        const late = agentClient(renewing.url);
        return (await late.send("GET", "/health").finally(() => late.close())).serverSerial;
      },
      { timeout: 10_000 },
    )
    .not.toBe(before);
  expect(await early.send("GET", "/health")).toMatchObject({ status: 200, serverSerial: before });
  early.close();
  await renewing.close();
  await short.close();
});
