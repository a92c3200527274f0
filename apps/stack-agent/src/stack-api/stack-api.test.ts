import { afterAll, beforeAll, expect, test } from "vitest";
import { desiredTenant } from "../../test/control-plane-double.ts";
import { openTenants, startTestAgent, type TestAgent } from "../../test/test-agent.ts";

let agent: TestAgent;
let token: string;
let otherToken: string;
const tenant = desiredTenant();
const other = desiredTenant();
const ofOther = { tenantId: other.tenantId, orgId: other.orgId };
beforeAll(async () => {
  agent = await startTestAgent();
  await openTenants(agent, [tenant, other]);
  const exchange = async (claims = {}) => (await agent.exchange(await agent.controlPlane.sign(claims))).body.token;
  [token, otherToken] = await Promise.all([exchange(), exchange(ofOther)]);
});
afterAll(() => agent.drop());

const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
  const answer = await fetch(`${agent.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text ? JSON.parse(text) : null };
};
const asOther = () => ({ authorization: `Bearer ${otherToken}` });
const jobsOf = async (stackId: string) => (await call("GET", `/v1/jobs?stackId=${stackId}&sort=createdAt`)).body.items;
const settled = (stackId: string, types: string[]) =>
  expect
    .poll(
      async () => (await jobsOf(stackId)).map(({ type, state }: { type: string; state: string }) => `${type} ${state}`),
      { timeout: 10_000 },
    )
    .toEqual(types);

test("a stack lives from creation to deletion, with a job for each change", async () => {
  const created = await call("POST", "/v1/stacks", {
    name: "media",
    services: ["jellyfin"],
    config: { nodes: [{ name: "nas", role: "storage" }] },
  });
  expect(created).toMatchObject({
    status: 201,
    body: { name: "media", status: "draft", mode: "easy", services: ["jellyfin"] },
  });
  const { id } = created.body;
  await settled(id, ["provision completed"]);
  expect((await call("GET", `/v1/stacks/${id}`)).body.status).toBe("pending");
  expect((await call("GET", `/v1/nodes?stackId=${id}`)).body.items).toMatchObject([
    { name: "nas", role: "storage", status: "pending" },
  ]);
  expect((await call("PATCH", `/v1/stacks/${id}`, { description: "films" })).body.description).toBe("films");
  await settled(id, ["provision completed", "update completed"]);
  const node = await call("POST", "/v1/nodes", { stackId: id, name: "mini", role: "worker" });
  expect(node.status).toBe(201);
  expect((await call("PATCH", `/v1/nodes/${node.body.id}`, { address: "10.0.0.2" })).body.address).toBe("10.0.0.2");
  expect((await call("DELETE", `/v1/nodes/${node.body.id}`)).status).toBe(204);
  expect((await call("DELETE", `/v1/stacks/${id}`)).status).toBe(204);
  expect((await call("GET", `/v1/stacks/${id}`)).status).toBe(404);
  await expect
    .poll(async () => (await jobsOf(id)).at(-1), { timeout: 10_000 })
    .toMatchObject({ type: "destroy", state: "completed", target: 'stack "media"' });
  expect((await call("GET", `/v1/nodes?stackId=${id}`)).body.items).toEqual([]);
});

test("records show the fields of the contract and nothing of the agent's own", async () => {
  const { body } = await call("POST", "/v1/stacks", { name: "fields" });
  expect(Object.keys(body).sort()).toEqual([
    "config",
    "createdAt",
    "createdBy",
    "description",
    "id",
    "mode",
    "name",
    "services",
    "status",
    "updatedAt",
  ]);
  const [job] = await jobsOf(body.id);
  expect(job).not.toHaveProperty("leaseOwner");
  expect((await call("GET", "/v1/jobs?leaseOwner=x")).status).toBe(400);
});

test("another tenant's records are not found, whatever is asked of them", async () => {
  const { body: stack } = await call("POST", "/v1/stacks", { name: "mine" });
  const { body: node } = await call("POST", "/v1/nodes", { stackId: stack.id, name: "n" });
  const [job] = await jobsOf(stack.id);
  const attempts: Array<[string, string, unknown?]> = [
    ["GET", `/v1/stacks/${stack.id}`],
    ["PATCH", `/v1/stacks/${stack.id}`, { name: "x" }],
    ["DELETE", `/v1/stacks/${stack.id}`],
    ["GET", `/v1/nodes/${node.id}`],
    ["PATCH", `/v1/nodes/${node.id}`, { name: "x" }],
    ["DELETE", `/v1/nodes/${node.id}`],
    ["POST", "/v1/nodes", { stackId: stack.id, name: "y" }],
    ["GET", `/v1/jobs/${job.id}`],
    ["POST", `/v1/jobs/${job.id}/cancel`],
  ];
  for (const [method, path, body] of attempts)
    expect((await call(method, path, body, asOther())).status, `${method} ${path}`).toBe(404);
  expect((await call("GET", "/v1/stacks", undefined, asOther())).body.items).toEqual([]);
});

test("an unknown tenant in X-Tenant-ID is not found, one's own is fine, identity headers mean nothing", async () => {
  const list = (tenantId: string, more = {}) =>
    call("GET", "/v1/stacks", undefined, { "x-tenant-id": tenantId, ...more });
  for (const unknown of [other.slug, other.tenantId, "nobody", "' or 1=1 --"])
    expect(await list(unknown)).toMatchObject({ status: 404, body: { code: "NOT_FOUND" } });
  expect((await list(tenant.slug)).status).toBe(200);
  expect((await list(tenant.tenantId, { "x-user-id": "somebody", "x-org-id": other.orgId })).status).toBe(200);
  const claimed = { authorization: "", "x-user-id": "person-1", "x-tenant-id": tenant.slug };
  expect((await call("GET", "/v1/stacks", undefined, claimed)).status).toBe(401);
});

test("each refused field is named, with what would be right", async () => {
  const refused = async (body: unknown) => (await call("POST", "/v1/stacks", body)).body;
  expect(await refused({ name: " ", mode: "hard", colour: 1 })).toMatchObject({
    code: "INVALID",
    errors: [{ path: "name", message: "Give it a name." }, { path: "mode" }, { path: "colour" }],
  });
  expect(await refused({ name: "a", services: ["No!"] })).toMatchObject({
    code: "INVALID",
    errors: [{ path: "services.0" }],
  });
  expect(await refused({ name: "nul \0 byte" })).toMatchObject({ code: "INVALID" });
  await call("POST", "/v1/stacks", { name: "taken" });
  expect(await refused({ name: "TAKEN" })).toMatchObject({ code: "CONFLICT", errors: [{ path: "name" }] });
  expect((await call("POST", "/v1/nodes", { stackId: "x", name: "n" })).body).toMatchObject({
    errors: [{ path: "stackId" }],
  });
  expect((await call("GET", "/v1/stacks/not-an-id")).status).toBe(404);
  expect((await call("GET", "/v1/stacks?limit=0")).body).toMatchObject({
    code: "INVALID",
    errors: [{ path: "limit" }],
  });
});

test("a body that is too large or too deep is refused before anything reads it", async () => {
  const large = await call("POST", "/v1/stacks", { name: "a", description: "x".repeat(1_100_000) });
  expect(large).toMatchObject({ status: 413, body: { code: "INVALID" } });
  const deep = `{"name":"a","config":{"a":${"[".repeat(40)}${"]".repeat(40)}}}`;
  expect(await call("POST", "/v1/stacks", deep)).toMatchObject({ status: 400, body: { code: "INVALID" } });
});

test("viewers see everything and change nothing", async () => {
  const viewer = (await agent.exchange(await agent.controlPlane.sign({ sub: "viewer", role: "viewer" }))).body.token;
  const headers = { authorization: `Bearer ${viewer}` };
  expect((await call("GET", "/v1/stacks", undefined, headers)).status).toBe(200);
  expect(await call("POST", "/v1/stacks", { name: "no" }, headers)).toMatchObject({
    status: 403,
    body: { code: "FORBIDDEN" },
  });
  const cookie = await agent.signIn(agent.controlPlane.sign({ sub: "viewer", role: "viewer" }));
  const form = await fetch(`${agent.url}/stacks/new`, {
    method: "POST",
    headers: { cookie, "sec-fetch-site": "same-origin" },
    body: new URLSearchParams({ name: "no" }),
  });
  expect(form.status).toBe(403);
});

test("a cookie alone changes nothing: the request must come from the Stack's own pages", async () => {
  const cookie = await agent.signIn();
  const create = (headers: Record<string, string>) =>
    call("POST", "/v1/stacks", { name: `by ${JSON.stringify(headers)}` }, { authorization: "", cookie, ...headers });
  expect((await create({})).status).toBe(403);
  expect((await create({ "sec-fetch-site": "cross-site", origin: agent.url })).status).toBe(403);
  expect((await create({ "sec-fetch-site": "same-site" })).status).toBe(403);
  expect((await create({ origin: "https://evil.example" })).status).toBe(403);
  expect((await create({ "sec-fetch-site": "same-origin" })).status).toBe(201);
  expect((await create({ origin: agent.url })).status).toBe(201);
});

test("the portal passes requests on for its users over mTLS, for members alone", async () => {
  await agent.exchange(await agent.controlPlane.sign({ sub: "member" }));
  const list = async (headers: Record<string, string>) => (await agent.internal("/v1/stacks", { headers })).status;
  expect(await list({ "x-user-id": "member", "x-tenant-id": tenant.slug })).toBe(200);
  expect(await list({ "x-user-id": "member", "x-tenant-id": other.slug })).toBe(404);
  expect(await list({ "x-user-id": "member", "x-tenant-id": "nobody" })).toBe(404);
  expect(await list({ "x-user-id": "stranger", "x-tenant-id": tenant.slug })).toBe(404);
  expect(await list({ "x-user-id": "stranger", "x-user-role": "member", "x-tenant-id": tenant.slug })).toBe(200);
  expect(await list({ "x-tenant-id": tenant.slug })).toBe(401);
  expect(await list({ "x-user-id": "member" })).toBe(400);
});

test("everything needs a sign-in and says so", async () => {
  for (const path of ["/v1/stacks", "/v1/nodes", "/v1/jobs"])
    expect(await call("GET", path, undefined, { authorization: "" })).toMatchObject({
      status: 401,
      body: { code: "FORBIDDEN", title: "Sign in first" },
    });
});

test("a job that has ended cannot be cancelled, nor can a deletion", async () => {
  const { body } = await call("POST", "/v1/stacks", { name: "cancel me not" });
  await settled(body.id, ["provision completed"]);
  const [job] = await jobsOf(body.id);
  expect(await call("POST", `/v1/jobs/${job.id}/cancel`)).toMatchObject({
    status: 409,
    body: { code: "PRECONDITION" },
  });
});
