/** Who is taken for the gateway, over real TLS. */
import "reflect-metadata";
import { once } from "node:events";
import { Agent, request } from "node:https";
import { json } from "node:stream/consumers";
import type { Problem } from "@kombify/agent-contract";
import { createShell, type Listener } from "@kombify/server";
import * as x509 from "@peculiar/x509";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { createRoot, exportPrivateKey, generateKeys, type Issuer, issueLeaf } from "./agents/certificate.ts";
import { issueGatewayCertificate, revokeCertificate } from "./agents/certificates.ts";
import { onlyGateway, openGatewayListener } from "./gateway-listener.ts";
import {
  createKeyAndCsr,
  createTestPlane,
  issuerOf,
  joinHost,
  leafWith,
  signInStaff,
  type TestPlane,
  testLog,
} from "./testing.ts";

type Identity = { key: string; cert: string };
const GATEWAY = "spiffe://kombify/service/gateway";
let plane: TestPlane;
let ours: Issuer;
let listener: Listener;
const callers: Agent[] = [];

beforeAll(async () => {
  plane = await createTestPlane();
  ours = await issuerOf(plane);
  const shell = { name: "cloud-gateway", version: "0", log: testLog, checks: {}, exposeMetrics: false };
  const { app } = createShell({ ...shell, trustedProxies: 1 });
  app.use(onlyGateway(plane.cloud));
  app.get("/who", (c) => c.json({ peer: c.get("peer"), clientAddress: c.get("clientAddress") }));
  listener = await openGatewayListener(app, plane.cloud, { port: 0 });
});
afterEach(() => {
  for (const caller of callers.splice(0)) caller.destroy();
});
afterAll(async () => {
  await listener.close();
  await plane.close();
});

const ctx = () => plane.admin.asSystem("test");

function callerWith(identity: Identity | null) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: ours.certificate.toString("pem"), ...identity });
  callers.push(agent);
  return async (path = "/who", headers: Record<string, string> = {}) => {
    const [answer] = await once(request(`${listener.url}${path}`, { agent, headers }).end(), "response");
    return { status: answer.statusCode as number, body: (await json(answer)) as Record<string, unknown> & Problem };
  };
}

it("the gateway is let in and known, and its word for the client's address is believed", async () => {
  const call = callerWith(await issueGatewayCertificate(ctx()));
  expect(await call()).toMatchObject({ status: 200, body: { peer: { kind: "service", name: "gateway" } } });
  const { body } = await call("/who", { "x-forwarded-for": "1.2.3.4, 198.51.100.7" });
  expect(body.clientAddress).toBe("198.51.100.7");
});

const cases: [string, string, () => Promise<Identity | null>][] = [
  ["without a certificate", "Only the gateway", async () => null],
  ["with a certificate of another CA", "Only the gateway", async () => leafWith(await createRoot(), GATEWAY, {})],
  ["with a certificate that has ended", "Only the gateway", () => leafWith(ours, GATEWAY, { lifeMs: -1_000 })],
  [
    "with two SPIFFE ids",
    "Only the gateway",
    () => leafWith(ours, GATEWAY, { uris: [GATEWAY, "spiffe://kombify/service/cloud"] }),
  ],
  ["with its id as a common name only", "Only the gateway", () => leafWith(ours, GATEWAY, { uris: [] })],
  [
    "with the id of another trust domain",
    "Only the gateway",
    () => leafWith(ours, GATEWAY, { uris: ["spiffe://elsewhere/service/gateway"] }),
  ],
  ["with a longer id", "Only the gateway", () => leafWith(ours, GATEWAY, { uris: [`${GATEWAY}/admin`] })],
  [
    "with a certificate for servers only",
    "Only the gateway",
    () => leafWith(ours, GATEWAY, { usages: [x509.ExtendedKeyUsage.serverAuth] }),
  ],
  ["with a certificate that nobody wrote down", "not known here", () => leafWith(ours, GATEWAY, {})],
  ["as Cloud itself", "Only the gateway", async () => plane.cloud.identity.current()],
  [
    "as an instance",
    "Only the gateway",
    async () => {
      const host = await joinHost(plane, await signInStaff(plane), "nosy");
      const { key, csr } = await createKeyAndCsr();
      return { key, cert: (await plane.admin.authority.grantInstance(csr, host.instanceId)).certificate };
    },
  ],
  [
    "as the gateway with another service's serial number",
    "not known here",
    async () => {
      const keys = await generateKeys();
      const leaf = await issueLeaf(ours, { kind: "service", name: "gateway" }, keys.publicKey, 60_000);
      await plane.database
        .owner`insert into service_certificates (serial, service, not_after) values (${leaf.serial}, 'cloud', now() + interval '1 hour')`;
      return { key: await exportPrivateKey(keys.privateKey), cert: leaf.certificate };
    },
  ],
];
it.each(cases)("whoever comes %s is refused with a reason", async (_, reason, identity) => {
  const call = callerWith(await identity());
  const { status, body } = await call();
  expect(status).toBe(403);
  expect(body).toMatchObject({ code: "FORBIDDEN", detail: expect.stringContaining(reason) });
  expect((await call("/health")).status).toBe(200);
  expect((await call("/ready")).status).toBe(200);
});

it("a certificate that is revoked loses its connection, is refused with the reason, and stays so when said twice", async () => {
  const { serial, ...identity } = await issueGatewayCertificate(ctx());
  const call = callerWith(identity);
  expect((await call()).status).toBe(200);
  const agent = callers.at(-1)!;
  const [socket] = [agent.sockets, agent.freeSockets].flatMap((all) => Object.values(all).flat());
  const closed = once(socket!, "close");
  await revokeCertificate(ctx(), serial);
  await closed;
  expect(await call()).toMatchObject({ status: 403, body: { detail: expect.stringContaining("revoked") } });
  const again = await revokeCertificate(ctx(), serial);
  expect(again.revokedAt).toEqual(expect.any(Date));
  const lines = await plane.database.owner`select 1 from audit_events where action = 'agents.revokeCertificate'`;
  expect(lines).toHaveLength(1);
});

it("a certificate ends also while its connection stays open", async () => {
  const call = callerWith(await plane.cloud.authority.issueService("gateway", { lifetimeMs: 2_500 }));
  expect((await call()).status).toBe(200);
  await expect.poll(async () => (await call()).status, { timeout: 10_000 }).toBe(403);
});

it("revoking tells every active agent, who is told nothing else; an own certificate is replaced; an agent's is refused", async () => {
  const host = await joinHost(plane, await signInStaff(plane), "told");
  const { desiredRevision } = await host.beat();
  const { serial } = plane.cloud.identity.current();
  await revokeCertificate(ctx(), serial);
  const document = await host.api.agents.desired({ revision: desiredRevision });
  expect(document?.revokedServiceSerials).toContain(serial);
  await plane.database.owner`update service_certificates set not_after = now() where serial = ${serial}`;
  expect((await host.api.agents.desired({ revision: 0 }))?.revokedServiceSerials).not.toContain(serial);
  await expect.poll(() => plane.cloud.identity.current().serial).not.toBe(serial);
  await expect(revokeCertificate(ctx(), host.serial)).rejects.toMatchObject({ code: "PRECONDITION" });
  await expect(revokeCertificate(ctx(), "00ff")).rejects.toMatchObject({ code: "NOT_FOUND" });
});

it.each([0, 31, 1.5])("a certificate of %s days is refused", async (days) => {
  await expect(issueGatewayCertificate(ctx(), days)).rejects.toMatchObject({ code: "INVALID" });
});
