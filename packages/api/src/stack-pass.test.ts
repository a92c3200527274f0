import { problemOf, ServiceError } from "@kombify/agent-contract";
import { createShell, type Listener, listen } from "@kombify/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  bearer,
  createKeyAndCsr,
  createTestPlane,
  joinHost,
  makeToken,
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
    const claims = { "x-user-id": "root", "x-user-role": "owner", X_Tenant_ID: "other", authorization: "Basic eDp5" };
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

describe("a token", () => {
  const sendWith = (secret: string, path: string, init: RequestInit = {}) =>
    plane.cloud.handle(
      new Request(`http://localhost:3000${path}`, {
        ...init,
        headers: { ...bearer(secret), ...(init.headers as object) },
      }),
      testInfo(),
    );
  const create = { method: "POST", headers: { "content-type": "application/json" }, body: '{"name":"nas"}' };

  it.each(["/v1/stacks", "/v1/nodes", "/v1/jobs"])("that may read, reads %s and writes nothing", async (path) => {
    const { secret } = await makeToken(plane, ann, ["stack:read"]);
    expect((await sendWith(secret, path))?.status).toBe(200);
    expect(seen.at(-1)?.headers.get("x-user-id")).toBe(ann.id);
    expect(seen.at(-1)?.headers.get("authorization")).toBeNull();
    const before = seen.length;
    for (const method of ["POST", "PATCH", "DELETE"])
      await expect(sendWith(secret, path, { ...create, method })).rejects.toMatchObject({
        code: "FORBIDDEN",
        message: expect.stringContaining("stack:write"),
      });
    expect(seen.length).toBe(before);
  });

  it("that may write, writes and does not read", async () => {
    const { secret } = await makeToken(plane, ann, ["stack:write"]);
    expect((await sendWith(secret, "/v1/nodes", create))?.status).toBe(200);
    await expect(sendWith(secret, "/v1/nodes")).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("reaches the homelab that X-Tenant-ID names, by id and by slug, and no foreign one", async () => {
    const { tenant } = await ann.api.tenants.create({ name: "Second lab" });
    await host.applyAll();
    const { secret } = await makeToken(plane, ann, ["stack:read"]);
    for (const [selector, id] of [
      [tenant.id, tenant.id],
      [tenant.slug, tenant.id],
      [ann.tenant.slug, ann.tenant.id],
    ] as const) {
      await sendWith(secret, "/v1/stacks", { headers: { "x-tenant-id": selector } });
      expect(seen.at(-1)?.headers.get("x-tenant-id")).toBe(id);
    }
    const before = seen.length;
    for (const selector of ["", "someoneelse", `${tenant.id},${ann.tenant.id}`])
      await expect(sendWith(secret, "/v1/stacks", { headers: { "x-tenant-id": selector } })).rejects.toMatchObject({
        code: "NOT_FOUND",
      });
    await expect(sendWith(secret, "/v1/stacks")).rejects.toMatchObject({ code: "INVALID" });
    expect(seen.length).toBe(before);
  });
});

describe("a host that is not right", () => {
  it("what it refuses is said with its code", async () => {
    await expect(ann.api.tenants.launch({ tenantId: ann.tenant.id })).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  it("a host with another instance's certificate gets nothing, also no assertion", async () => {
    const impostor = await startHost("00000000-0000-4000-8000-000000000000");
    await pointTo(impostor);
    const before = seen.length;
    await expect(ann.api.tenants.launch({ tenantId: ann.tenant.id })).rejects.toMatchObject({
      code: "UPSTREAM",
      status: 502,
    });
    expect(seen.length).toBe(before);
    await impostor.close();
  });

  it("a host that is away is said to be away", async () => {
    await listener.close();
    await pointTo(listener);
    await expect(send("/v1/stacks", { headers: { "x-tenant-id": ann.tenant.id } })).rejects.toMatchObject({
      code: "UPSTREAM",
      message: expect.stringContaining("does not answer"),
    });
  });
});
