import { randomUUID } from "node:crypto";
import { type DesiredMember, KOMBIFY_ISSUER, type SessionEnding } from "@kombify/agent-contract";
import { Agent, fetch as undiciFetch } from "undici";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { desiredTenant } from "../../test/control-plane-double.ts";
import { openTenants, startTestAgent, type TestAgent } from "../../test/test-agent.ts";

let agent: TestAgent;
const tenant = desiredTenant({ name: "Ours" });
beforeAll(async () => {
  agent = await startTestAgent();
  await openTenants(agent, [tenant]);
});
afterAll(() => agent.drop());

const statusOf = async (cookie: string) => (await fetch(agent.url, { headers: { cookie } })).status;
const publishEnding = (ending: Partial<SessionEnding>) =>
  agent.controlPlane.publish({
    sessionEndings: [
      { tenantId: tenant.tenantId, subject: "ada", sid: null, before: new Date().toISOString(), ...ending },
    ],
  });
const becomes = (cookie: string, status: number) =>
  vi.waitFor(async () => expect(await statusOf(cookie)).toBe(status), { timeout: 10_000, interval: 20 });

test("who signs out of the portal is signed out here, and what they launched from elsewhere goes on", async () => {
  const [sid, otherSid] = [randomUUID(), randomUUID()];
  const here = await agent.signIn(agent.controlPlane.sign({ sub: "ada", sid }));
  const elsewhere = await agent.signIn(agent.controlPlane.sign({ sub: "ada", sid: otherSid }));
  const somebody = await agent.signIn(agent.controlPlane.sign({ sub: "bob", sid: randomUUID() }));
  publishEnding({ sid });
  await becomes(here, 401);
  expect([await statusOf(elsewhere), await statusOf(somebody)]).toEqual([200, 200]);
  publishEnding({});
  await becomes(elsewhere, 401);
  expect(await statusOf(somebody)).toBe(200);
});

test("an ending that was told while the agent was away is carried out when it is back", async () => {
  const sid = randomUUID();
  const cookie = await agent.signIn(agent.controlPlane.sign({ sub: "eve", sid }));
  await agent.stop();
  publishEnding({ subject: "eve", sid });
  await agent.start();
  await becomes(cookie, 401);
});

test("a launch that was under way while its person signed out leads nowhere: not its assertion, and not its ticket", async () => {
  const claims = { sub: "max", sid: randomUUID() };
  const [assertion, { body }] = [
    await agent.controlPlane.sign(claims),
    await agent.exchange(await agent.controlPlane.sign(claims)),
  ];
  publishEnding({ subject: "max", sid: claims.sid });
  await vi.waitFor(async () => expect((await agent.exchange(assertion)).status).toBe(403), { interval: 20 });
  expect((await agent.redeem(body.ticket)).status).toBe(403);
  const later = Math.floor(Date.now() / 1000) + 2;
  expect((await agent.exchange(await agent.controlPlane.sign({ ...claims, iat: later, exp: later + 60 }))).status).toBe(
    200,
  );
});

const members: DesiredMember[] = [
  { subject: "owner-1", role: "owner", identities: [{ issuer: "https://idp.example", subject: "1234" }] },
  { subject: "viewer-1", role: "viewer" },
];

async function throughGateway(headers: Record<string, string>, init: { method?: string; body?: string } = {}) {
  const { authority } = agent.controlPlane;
  const { key, cert } = await authority.issue({ kind: "service", name: "gateway" });
  const dispatcher = new Agent({
    connect: { key, cert, ca: authority.certificate, checkServerIdentity: () => undefined },
  });
  const answer = await undiciFetch(`${agent.stored.settings.internalUrl}/v1/stacks`, {
    ...init,
    dispatcher,
    headers: { "x-tenant-id": tenant.slug, "content-type": "application/json", ...headers },
  });
  await answer.body?.cancel();
  await dispatcher.close();
  return answer.status;
}

test("whom the gateway names is a member by the document, or finds no tenant", async () => {
  agent.controlPlane.publish({ tenants: [{ ...tenant, members }] });
  await agent.controlPlane.reported(({ appliedRevision }) => appliedRevision === agent.controlPlane.document.revision);
  const provider = { "x-user-issuer": "https://idp.example" };
  expect(await throughGateway({ "x-user-id": "1234", ...provider })).toBe(200);
  expect(await throughGateway({ "x-user-id": "owner-1", "x-user-issuer": KOMBIFY_ISSUER })).toBe(200);
  expect(await throughGateway({ "x-user-id": "1234" })).toBe(404);
  expect(await throughGateway({ "x-user-id": "owner-1", ...provider })).toBe(404);
  expect(await throughGateway({ "x-user-id": "nobody", ...provider })).toBe(404);
});

test("the gateway gives nobody a role, and a member who was taken out is out at once", async () => {
  const stack = { method: "POST", body: JSON.stringify({ name: "web" }) };
  const viewer = { "x-user-id": "viewer-1", "x-user-role": "owner" };
  expect(await throughGateway(viewer, stack)).toBe(403);
  agent.controlPlane.publish({ tenants: [{ ...tenant, members: members.slice(0, 1) }] });
  await vi.waitFor(async () => expect(await throughGateway(viewer)).toBe(404), { interval: 20 });
});
