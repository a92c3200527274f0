import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { desiredTenant } from "../../test/control-plane-double.ts";
import { openTenants, startTestAgent, type TestAgent } from "../../test/test-agent.ts";

let agent: TestAgent;
const tenant = desiredTenant({ name: "Ours" });
const other = desiredTenant({ name: "Theirs" });
beforeAll(async () => {
  agent = await startTestAgent();
  await openTenants(agent, [tenant, other]);
});
afterAll(() => agent.drop());

const ticketFor = async (claims = {}) => (await agent.exchange(await agent.controlPlane.sign(claims))).body.ticket;
const usersOf = (slug: string) => agent.database.admin.unsafe(`select * from stack.users_${slug} order by created_at`);

test("a launch leads to a signed-in console, and no token is in any address", async () => {
  const { status, body } = await agent.exchange(await agent.controlPlane.sign());
  expect(status).toBe(200);
  expect(body).toMatchObject({ tenant: { slug: tenant.slug }, user: { email: "ada@example.com", role: "owner" } });
  expect(body.redirectUrl).toBe(`${agent.url}/sso/callback`);
  const answer = await agent.redeem(body.ticket);
  expect(answer.status).toBe(303);
  expect(answer.headers.get("location")).toBe("/");
  expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
  expect(answer.headers.get("cache-control")).toBe("no-store");
  const cookie = answer.headers.getSetCookie()[0] ?? "";
  expect(cookie).toMatch(/^__Host-kombify_stack_[0-9a-f]{8}=[\w-]{43}; /);
  for (const attribute of ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"]) expect(cookie).toContain(attribute);
  const page = await fetch(agent.url, { headers: { cookie: cookie.split(";")[0] ?? "" } });
  expect(await page.text()).toContain("Ada");
});

test("a used ticket is refused, with a page that says what to do", async () => {
  const ticket = await ticketFor();
  expect((await agent.redeem(ticket)).status).toBe(303);
  const again = await agent.redeem(ticket);
  expect(again.status).toBe(403);
  expect(again.headers.getSetCookie()).toEqual([]);
  expect(await again.text()).toContain("press Launch my homelab again");
});

test("of a hundred browsers with one ticket exactly one gets in", async () => {
  const ticket = await ticketFor();
  const answers = await Promise.all(Array.from({ length: 100 }, () => agent.redeem(ticket)));
  expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
});

test("an expired, an unknown and an oversized ticket are refused", async () => {
  const ticket = await ticketFor();
  await agent.database.admin`update stack._sessions set expires_at = now() - interval '1 s' where kind = 'ticket'`;
  for (const wrong of [ticket, "a".repeat(43), "a".repeat(5000), ""])
    expect((await agent.redeem(wrong)).status).toBe(403);
});

test("a ticket that another origin posts is refused and stays good", async () => {
  const ticket = await ticketFor();
  for (const origin of ["https://evil.example", "null", "http://localhost:3000.evil.example"])
    expect((await agent.redeem(ticket, { origin })).status).toBe(403);
  expect((await agent.redeem(ticket)).status).toBe(303);
});

test("an engine token is no ticket and no cookie, a ticket is no token", async () => {
  const { body } = await agent.exchange(await agent.controlPlane.sign());
  expect((await agent.redeem(body.token)).status).toBe(403);
  const asBearer = await fetch(`${agent.url}/v1/stacks`, { headers: { authorization: `Bearer ${body.ticket}` } });
  expect(asBearer.status).toBe(401);
});

test("of a hundred uses of one assertion at once exactly one wins", async () => {
  const assertion = await agent.controlPlane.sign();
  const answers = await Promise.all(Array.from({ length: 100 }, () => agent.exchange(assertion)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.find(({ status }) => status !== 200)?.body).toMatchObject({ code: "FORBIDDEN" });
});

test.each([
  ["for another Stack", { aud: randomUUID() }, "another Stack"],
  ["that has expired", { iat: 1_000, exp: 1_060 }, "expired"],
  ["from the future", { iat: Math.floor(Date.now() / 1000) + 300, exp: Math.floor(Date.now() / 1000) + 360 }, "iat"],
  ["valid for an hour", { exp: Math.floor(Date.now() / 1000) + 3600 }, "too long"],
  ["of another issuer", { iss: "urn:evil" as never }, "iss"],
  ["with a role that is none", { role: "god" as never }, "role"],
])("an assertion %s is refused", async (_, claims, why) => {
  const { status, body } = await agent.exchange(await agent.controlPlane.sign(claims));
  expect(status).toBe(403);
  expect(body.detail).toContain(why);
});

test("an assertion with a changed payload, another key or no signature is refused", async () => {
  const [header, payload, signature] = (await agent.controlPlane.sign()).split(".");
  const changed = Buffer.from(
    JSON.stringify({ ...JSON.parse(Buffer.from(payload ?? "", "base64url").toString()), role: "viewer" }),
  );
  const none = Buffer.from('{"alg":"none","kid":"k1"}').toString("base64url");
  const unknown = Buffer.from('{"alg":"EdDSA","kid":"k2"}').toString("base64url");
  const wrong = [
    `${header}.${changed.toString("base64url")}.${signature}`,
    `${none}.${payload}.`,
    `${unknown}.${payload}.${signature}`,
    "x",
  ];
  for (const assertion of wrong) expect((await agent.exchange(assertion)).status).toBe(403);
});

test("an organisation gets into no tenant but its own, and an older generation into none", async () => {
  expect((await agent.exchange(await agent.controlPlane.sign({ orgId: other.orgId }))).status).toBe(404);
  expect((await agent.exchange(await agent.controlPlane.sign({ tenantId: randomUUID() }))).status).toBe(404);
  expect((await agent.exchange(await agent.controlPlane.sign({ generation: 2 }))).status).toBe(409);
});

test("people are known by issuer and subject, never by e-mail, and what changed about them is taken over", async () => {
  const sign = (claims: object) => agent.controlPlane.sign({ tenantId: other.tenantId, orgId: other.orgId, ...claims });
  const first = await agent.exchange(await sign({ sub: "one", email: "same@example.com" }));
  const second = await agent.exchange(await sign({ sub: "two", email: "same@example.com" }));
  const elsewhere = await agent.exchange(
    await sign({ sub: "one", idp: "https://idp.example", email: "same@example.com" }),
  );
  expect(new Set([first, second, elsewhere].map(({ body }) => body.user.id)).size).toBe(3);
  const renamed = await agent.exchange(
    await sign({ sub: "one", email: "new@example.com", name: "New", role: "viewer" }),
  );
  expect(renamed.body.user).toEqual({ id: first.body.user.id, email: "new@example.com", name: "New", role: "viewer" });
  expect(await usersOf(other.slug)).toHaveLength(3);
});

test("two first launches at once make one person", async () => {
  const launches = await Promise.all(
    Array.from({ length: 10 }, async () => agent.exchange(await agent.controlPlane.sign({ sub: "twice" }))),
  );
  expect(launches.map(({ status }) => status)).toEqual(Array(10).fill(200));
  expect((await usersOf(tenant.slug)).filter(({ subject }) => subject === "twice")).toHaveLength(1);
});

test("secrets are stored as hashes only", async () => {
  const { body } = await agent.exchange(await agent.controlPlane.sign());
  const stored = JSON.stringify(await agent.database.admin`select * from stack._sessions`);
  expect(stored).not.toContain(body.ticket);
  expect(stored).not.toContain(body.token);
});

test("the exchange is for the portal's certificate alone, and on the internal listener alone", async () => {
  const body = JSON.stringify({ assertion: await agent.controlPlane.sign() });
  const headers = { "content-type": "application/json" };
  const outside = await fetch(`${agent.url}/api/internal/sso/exchange`, { method: "POST", headers, body });
  expect(outside.status).not.toBe(200);
  const { Agent, fetch: undiciFetch } = await import("undici");
  const { authority, instanceId } = agent.controlPlane;
  for (const peer of [{ kind: "instance", instanceId }, { kind: "service", name: "admin" }, null] as const) {
    const leaf = peer ? await authority.issue(peer) : null;
    const connect = {
      ca: authority.certificate,
      checkServerIdentity: () => undefined,
      ...(leaf ? { key: leaf.key, cert: leaf.cert } : {}),
    };
    const dispatcher = new Agent({ connect });
    const url = `${agent.stored.settings.internalUrl}/api/internal/sso/exchange`;
    expect((await undiciFetch(url, { method: "POST", headers, body, dispatcher })).status).toBe(403);
    await dispatcher.close();
  }
});

test("signing out ends the session on the server, and another site cannot do it for somebody", async () => {
  const cookie = await agent.signIn();
  const out = (headers: object) =>
    fetch(`${agent.url}/logout`, { method: "POST", redirect: "manual", headers: { cookie, ...headers } });
  expect((await out({ "sec-fetch-site": "cross-site" })).status).toBe(403);
  expect((await fetch(agent.url, { headers: { cookie } })).status).toBe(200);
  expect((await out({ "sec-fetch-site": "same-origin" })).status).toBe(303);
  expect((await fetch(agent.url, { headers: { cookie } })).status).toBe(401);
});

test("sessions die when the tenant is suspended, and new ones begin when it is open again", async () => {
  const cookie = await agent.signIn();
  const { controlPlane } = agent;
  const set = async (state: "active" | "suspended", reported: string) => {
    const tenants = controlPlane.document.tenants.map((t) => (t.tenantId === tenant.tenantId ? { ...t, state } : t));
    controlPlane.publish({ tenants });
    const { revision } = controlPlane.document;
    await controlPlane.reported(
      (report) =>
        report.appliedRevision === revision &&
        report.tenants.some((t) => t.tenantId === tenant.tenantId && t.state === reported),
    );
  };
  await set("suspended", "suspended");
  expect((await fetch(agent.url, { headers: { cookie } })).status).toBe(401);
  expect((await agent.exchange(await controlPlane.sign())).status).toBe(409);
  await set("active", "ready");
  expect((await fetch(agent.url, { headers: { cookie } })).status).toBe(401);
  expect((await agent.exchange(await controlPlane.sign())).status).toBe(200);
});
