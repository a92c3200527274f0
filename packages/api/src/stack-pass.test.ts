import { problemOf, ServiceError } from "@kombify/agent-contract";
import { createShell, type Listener, listen } from "@kombify/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createKeyAndCsr,
  createTestPlane,
  joinHost,
  type Person,
  signInStaff,
  signUpPerson,
  type TestAgent,
  type TestPlane,
  testInfo,
  testLog,
} from "./testing.ts";

let plane: TestPlane;
let ann: Person;
let host: TestAgent;
let listener: Listener;
const seen: { method: string; url: string; headers: Headers; body: string; peer: unknown }[] = [];

/** The other side of the wire: a listener with an agent's certificate that writes down what it was asked. */
async function startHost(instanceId: string): Promise<Listener> {
  const { key, csr } = await createKeyAndCsr();
  const { certificate, caBundle } = await plane.admin.authority.grantInstance(csr, instanceId);
  const { app } = createShell({ name: "host", version: "0", log: testLog, checks: {}, exposeMetrics: false });
  app.all("*", async (c) => {
    seen.push({
      method: c.req.method,
      url: c.req.url,
      headers: c.req.raw.headers,
      body: await c.req.text(),
      peer: c.get("peer"),
    });
    if (c.req.path === "/api/internal/sso/exchange")
      return c.json(problemOf(new ServiceError("FORBIDDEN", "The assertion was used before."), "r"), 403);
    return c.json({ items: [], nextCursor: null }, 200, { "x-secret": "internal" });
  });
  return listen({ fetch: app.fetch, port: 0, host: "127.0.0.1", tls: { key, cert: certificate, ca: caBundle } });
}

beforeAll(async () => {
  plane = await createTestPlane();
  host = await joinHost(plane, await signInStaff(plane), "pass-host");
  ann = await signUpPerson(plane, "ann");
  await host.applyAll();
  listener = await startHost(host.instanceId);
  await pointTo(listener);
});
afterAll(async () => {
  await listener.close();
  await plane.close();
});

const pointTo = ({ port }: Listener) =>
  plane.database
    .owner`update instances set internal_url = ${`https://127.0.0.1:${port}`} where id = ${host.instanceId}`;
const send = (path: string, init: RequestInit = {}) => {
  const headers = { cookie: ann.cookie, ...(init.headers as Record<string, string>) };
  return plane.cloud.handle(new Request(`http://localhost:3000${path}`, { ...init, headers }), testInfo());
};

describe("a request that Cloud passes on", () => {
  it("reaches the tenant's host over mTLS in the caller's name, whatever identity its headers claim", async () => {
    const claims = { "x-user-id": "root", "x-user-role": "owner", X_Tenant_ID: "other", authorization: "Bearer x" };
    const response = await send("/v1/stacks?limit=5", { headers: claims });
    expect(response?.status).toBe(200);
    expect(response?.headers.get("x-secret")).toBeNull();
    const request = seen.at(-1);
    expect(new URL(request?.url ?? "").search).toBe("?limit=5");
    expect(request?.peer).toEqual({ kind: "service", name: "cloud" });
    expect(request?.headers.get("x-user-id")).toBe(ann.id);
    expect(request?.headers.get("x-tenant-id")).toBe(ann.tenant.id);
    for (const name of ["cookie", "authorization", "x_tenant_id"]) expect(request?.headers.get(name)).toBeNull();
  });

  it("carries its body", async () => {
    await send("/v1/nodes", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"name":"nas"}',
    });
    expect(seen.at(-1)).toMatchObject({ method: "POST", body: '{"name":"nas"}' });
  });

  it.each(["/v1/stacks/../../api/internal/hint", "/v1/stacks/%2e%2e/x", "/v1/other", "/v1/stacks/a%2fb"])(
    "%s goes nowhere",
    async (path) => {
      const before = seen.length;
      await expect(send(path)).rejects.toMatchObject({ code: "NOT_FOUND" });
      expect(seen.length).toBe(before);
    },
  );

  it("is refused for a foreign tenant and without a session", async () => {
    await expect(send("/v1/stacks", { headers: { "x-tenant-id": "someoneelse" } })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    await expect(send("/v1/stacks", { headers: { cookie: "" } })).rejects.toMatchObject({ status: 401 });
  });
});

describe("a host that is not right", () => {
  it("what it refuses is said with its code", async () => {
    await expect(ann.api.tenants.launch({})).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("a host with another instance's certificate gets nothing, also no assertion", async () => {
    const impostor = await startHost("00000000-0000-4000-8000-000000000000");
    await pointTo(impostor);
    const before = seen.length;
    await expect(ann.api.tenants.launch({})).rejects.toMatchObject({ code: "UPSTREAM", status: 502 });
    expect(seen.length).toBe(before);
    await impostor.close();
  });

  it("a host that is away is said to be away", async () => {
    await listener.close();
    await pointTo(listener);
    await expect(send("/v1/stacks")).rejects.toMatchObject({
      code: "UPSTREAM",
      message: expect.stringContaining("does not answer"),
    });
  });
});
