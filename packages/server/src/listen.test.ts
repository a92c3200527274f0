import { once } from "node:events";
import { type Agent, Agent as HttpsAgent, request } from "node:https";
import { createServer } from "node:net";
import type { Peer } from "@kombify/agent-contract";
import { afterEach, beforeAll, expect, test } from "vitest";
import { type Listener, listen } from "./listen.ts";
import { createLogger } from "./logger.ts";
import { createShell } from "./shell.ts";
import { createTestCa, type TestCa } from "./test-certificates.ts";

const INSTANCE = "0190a000-0000-7000-8000-000000000001";
const instanceUri = `spiffe://kombify/instance/${INSTANCE}`;
const log = createLogger({ name: "test", level: "silent" });

let ca: TestCa;
let foreignCa: TestCa;
let nextCa: TestCa;
const closing: Array<() => unknown> = [];
beforeAll(async () => {
  [ca, foreignCa, nextCa] = (await Promise.all(["ours", "ours", "next"].map(createTestCa))) as [TestCa, TestCa, TestCa];
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serveTls(): Promise<Listener> {
  const { app } = createShell({ name: "test", version: "1", log, checks: {}, exposeMetrics: false });
  app.get("/peer", (c) => c.json(c.get("peer") && { ...c.get("peer"), serial: c.get("peerSerial") }));
  const leaf = await ca.issue("spiffe://kombify/service/admin");
  const listener = await listen({ fetch: app.fetch, port: 0, tls: { ...leaf, ca: [ca.certificate] } });
  closing.push(() => listener.close());
  return listener;
}

function agentWith(identity: { key?: string; cert?: string } = {}, trusted = ca): Agent {
  const agent = new HttpsAgent({ ...identity, ca: trusted.certificate, keepAlive: true });
  closing.push(() => agent.destroy());
  return agent;
}

async function peerSeen(listener: Listener, agent: Agent): Promise<Peer | null> {
  const asked = request(`${listener.url}/peer`, { agent });
  asked.end();
  const [answer] = await once(asked, "response");
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}

test("a client whose certificate chains to our CA is named by its SPIFFE id", async () => {
  const listener = await serveTls();
  const agent = agentWith(await ca.issue(instanceUri));
  expect(await peerSeen(listener, agent)).toEqual({
    kind: "instance",
    instanceId: INSTANCE,
    serial: expect.stringMatching(/^[0-9a-f]+$/),
  });
});

test("a client stays named when its TLS session is resumed", async () => {
  const listener = await serveTls();
  const identity = await ca.issue(instanceUri);
  const agent = new HttpsAgent({ ...identity, ca: ca.certificate, keepAlive: false });
  for (let i = 0; i < 3; i++) expect(await peerSeen(listener, agent)).toMatchObject({ kind: "instance" });
});

test("nobody is named without a certificate, or with one of a CA that only bears our name", async () => {
  const listener = await serveTls();
  expect(await peerSeen(listener, agentWith())).toBeNull();
  expect(await peerSeen(listener, agentWith(await foreignCa.issue(instanceUri)))).toBeNull();
});

test("nobody is named by a SPIFFE id of another trust domain", async () => {
  const listener = await serveTls();
  expect(await peerSeen(listener, agentWith(await ca.issue("spiffe://other/service/admin")))).toBeNull();
});

test.each([
  ["has ended", { lifeMs: -1_000 }],
  ["has two SPIFFE ids", { uris: [instanceUri, "spiffe://kombify/service/gateway"] }],
  ["has the id as its common name only", { uris: [] }],
  ["is for servers only", { usages: ["1.3.6.1.5.5.7.3.1"] }],
  ["does not say what it is for", { usages: null }],
])("nobody is named by a certificate that %s", async (_, options) => {
  const listener = await serveTls();
  expect(await peerSeen(listener, agentWith(await ca.issue(instanceUri, options)))).toBeNull();
});

test("a connection that outlives its certificate is nobody's from then on", async () => {
  const listener = await serveTls();
  const agent = agentWith(await ca.issue(instanceUri, { lifeMs: 2_500 }));
  expect(await peerSeen(listener, agent)).toMatchObject({ kind: "instance" });
  await expect.poll(() => peerSeen(listener, agent), { timeout: 10_000 }).toBeNull();
});

test("dropPeers cuts the open connections of that peer and of no other", async () => {
  const listener = await serveTls();
  const revoked = agentWith(await ca.issue(instanceUri));
  const other = agentWith(await ca.issue("spiffe://kombify/service/cloud"));
  await Promise.all([peerSeen(listener, revoked), peerSeen(listener, other)]);
  expect(listener.dropPeers((peer) => peer.kind === "instance" && peer.instanceId === INSTANCE)).toBe(1);
  expect(listener.dropPeers((peer) => peer.kind === "instance")).toBe(0);
  expect(listener.dropPeers((peer) => peer.kind === "service")).toBe(1);
});

test("dropPeers tells two certificates of one service apart by their serial numbers", async () => {
  const listener = await serveTls();
  const [first, second] = [0, 0].map(async () => agentWith(await ca.issue("spiffe://kombify/service/cloud")));
  const seen = await peerSeen(listener, await first!);
  await peerSeen(listener, await second!);
  const { serial: bad } = seen as unknown as { serial: string };
  expect(listener.dropPeers((_, serial) => serial === bad)).toBe(1);
  expect(listener.dropPeers(() => true)).toBe(1);
});

test("a new certificate serves new connections while open ones go on", async () => {
  const listener = await serveTls();
  const before = agentWith();
  await peerSeen(listener, before);
  const leaf = await nextCa.issue("spiffe://kombify/service/admin");
  listener.updateTls({ ...leaf, ca: [ca.certificate, nextCa.certificate] });
  expect(await peerSeen(listener, before)).toBeNull();
  const after = agentWith(await nextCa.issue(instanceUri), nextCa);
  expect(await peerSeen(listener, after)).toMatchObject({ kind: "instance" });
  await expect(peerSeen(listener, agentWith())).rejects.toThrow();
});

test("two CAs are trusted at once, and dropping one cuts its peers, refuses its tickets and leaves the others alone", async () => {
  const listener = await serveTls();
  const leaf = await ca.issue("spiffe://kombify/service/admin");
  listener.updateTls({ ...leaf, ca: [ca.certificate, nextCa.certificate] });
  const identity = await ca.issue(instanceUri);
  const old = agentWith(identity);
  const next = new HttpsAgent({ ...(await nextCa.issue(instanceUri)), ca: ca.certificate, keepAlive: true });
  closing.push(() => next.destroy());
  const resumes = new HttpsAgent({ ...identity, ca: ca.certificate, keepAlive: false });
  for (const agent of [old, next, resumes]) expect(await peerSeen(listener, agent)).toMatchObject({ kind: "instance" });
  const sockets = Object.values(next.sockets).concat(Object.values(next.freeSockets)).flat();
  const [oldSocket] = [old.sockets, old.freeSockets].flatMap((all) => Object.values(all).flat());
  const closed = once(oldSocket!, "close");
  listener.updateTls({ ...leaf, ca: [nextCa.certificate] });
  await closed;
  expect(await peerSeen(listener, next)).toMatchObject({ kind: "instance" });
  expect(Object.values(next.freeSockets).flat()).toEqual(sockets);
  expect(await peerSeen(listener, old)).toBeNull();
  expect(await peerSeen(listener, resumes)).toBeNull();
});

test("a port that is taken is named in the error", async () => {
  const blocker = createServer().listen(0, "127.0.0.1");
  await once(blocker, "listening");
  closing.push(() => blocker.close());
  const address = blocker.address();
  const port = typeof address === "object" && address ? address.port : 0;
  await expect(listen({ fetch: () => new Response(), port })).rejects.toThrow(`Port ${port} is taken`);
});
