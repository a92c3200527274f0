import { type Problem, ServiceError } from "@kombify/agent-contract";
import { createShell } from "@kombify/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requestInfoOf } from "./agent-api.ts";
import { type ControlPlane, createControlPlane } from "./control-plane.ts";
import { createTestPlane, joinHost, signInStaff, type TestPlane, testLog } from "./testing.ts";

let plane: TestPlane;
let cloud: (path: string, init?: RequestInit) => Promise<Response>;
let admin: typeof cloud;

const serve = (part: ControlPlane) => {
  const shell = createShell({ name: "test", version: "0", log: testLog, checks: part.checks, exposeMetrics: false });
  shell.app.all("*", async (c) => (await part.handle(c.req.raw, requestInfoOf(c))) ?? c.notFound());
  return async (path: string, init: RequestInit = {}) =>
    shell.app.fetch(new Request(`http://localhost:3000${path}`, init), {});
};
const createTestPlaneWithKey = (encryptionKey: string) =>
  createControlPlane({
    databaseUrl: plane.database.urls.web,
    encryptionKey,
    audience: "cloud",
    log: testLog,
    cloudUrl: "http://localhost:3000",
    adminUrl: "http://localhost:3001",
    agentApiUrl: "https://localhost:3002",
    secureCookies: false,
  });
const json = (body: unknown, headers: Record<string, string> = {}): RequestInit => {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  // As any client over HTTP/1.1 says it.
  const length = { "content-length": String(Buffer.byteLength(text)) };
  return { method: "POST", headers: { "content-type": "application/json", ...length, ...headers }, body: text };
};

beforeAll(async () => {
  plane = await createTestPlane();
  await joinHost(plane, await signInStaff(plane), "rest-host");
  cloud = serve(plane.cloud);
  admin = serve(plane.admin);
});
afterAll(() => plane.close());

describe("the contract over HTTP", () => {
  let cookie = "";

  it("POST /api/auth/register answers 201 with person and homelab and sets the cookie", async () => {
    const response = await cloud(
      "/api/auth/register",
      json({ email: "rest@example.com", password: "correct horse battery", tenantName: "Rest lab" }),
    );
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({
      user: { email: "rest@example.com" },
      tenant: { slug: "restlab", status: "provisioning" },
    });
    cookie = (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    expect(cookie).toMatch(/^kombify_cloud=/);
  });

  it("GET /api/tenant/{slug} shows a member desired beside applied, and dates as RFC 3339", async () => {
    const response = await cloud("/api/tenant/restlab", { headers: { cookie } });
    const body = (await response.json()) as { createdAt: string };
    expect(response.status).toBe(200);
    expect(body).toMatchObject({ slug: "restlab", desiredRevision: 1, appliedRevision: 0, role: "owner" });
    expect(new Date(body.createdAt).toISOString()).toBe(body.createdAt);
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  it("POST /api/tenant/launch before the homelab is active answers 409 PRECONDITION and says why", async () => {
    const response = await cloud("/api/tenant/launch", json({}, { cookie }));
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({
      code: "PRECONDITION",
      detail: expect.stringContaining("still being made"),
    });
  });

  it("POST /api/tenant with a taken or reserved slug names the field and what would be right", async () => {
    const taken = await cloud("/api/tenant", json({ name: "Another", slug: "restlab" }, { cookie }));
    expect(taken.status).toBe(409);
    expect(((await taken.json()) as Problem).errors?.[0]).toMatchObject({
      path: "slug",
      message: expect.stringMatching(/taken\. restlab\d+ is free/),
    });
    const reserved = await cloud("/api/tenant", json({ name: "Another", slug: "admin" }, { cookie }));
    expect(reserved.status).toBe(400);
    expect(((await reserved.json()) as Problem).errors?.[0]).toMatchObject({
      path: "slug",
      message: expect.stringContaining("reserved"),
    });
  });
});

describe("tokens over HTTP", () => {
  let cookie = "";
  const make = async (scopes: string[]) => {
    const made = await cloud("/api/tokens", json({ name: "script", scopes }, { cookie }));
    expect(made.status).toBe(201);
    return (await made.json()) as { token: { id: string }; secret: string };
  };
  const trpcMe = (headers: Record<string, string>) => cloud("/trpc/identity.me", { headers });
  beforeAll(async () => {
    const body = { email: "tokens@example.com", password: "correct horse battery", tenantName: "Token lab" };
    cookie = (await cloud("/api/auth/register", json(body))).headers.get("set-cookie")?.split(";")[0] ?? "";
  });

  it("POST, GET and DELETE /api/tokens make, list and end one; only the first answer has the secret", async () => {
    const { token, secret } = await make(["portal:read"]);
    const authorization = `Bearer ${secret}`;
    expect((await cloud("/v1/portal/me", { headers: { authorization } })).status).toBe(200);
    expect((await trpcMe({ authorization: `bearer ${secret}` })).status).toBe(200);
    const list = await (await cloud("/api/tokens", { headers: { cookie } })).text();
    expect(list).toContain(token.id);
    expect(list).not.toContain(secret);
    const end = () => cloud(`/api/tokens/${token.id}`, { method: "DELETE", headers: { cookie } });
    expect((await end()).status).toBe(200);
    expect((await end()).status).toBe(404);
    await expect.poll(async () => (await cloud("/v1/portal/me", { headers: { authorization } })).status).toBe(401);
  });

  it("a refusal says over every transport what is missing", async () => {
    const { secret } = await make(["homelab:launch"]);
    for (const send of [(headers: Record<string, string>) => cloud("/v1/portal/me", { headers }), trpcMe]) {
      const challenges: [Record<string, string>, number, string][] = [
        [{}, 401, 'Bearer realm="kombify"'],
        [{ authorization: "Bearer x" }, 401, 'Bearer error="invalid_token"'],
        [{ authorization: "Bearer" }, 401, 'Bearer error="invalid_token"'],
        [{ authorization: `Bearer ${secret}` }, 403, 'Bearer error="insufficient_scope", scope="portal:read"'],
      ];
      for (const [headers, status, challenge] of challenges) {
        const response = await send(headers);
        expect([response.status, response.headers.get("www-authenticate")]).toEqual([status, challenge]);
      }
    }
    const passed = await cloud("/v1/stacks", { headers: { authorization: `Bearer ${secret}` } });
    expect(passed.headers.get("www-authenticate")).toBe('Bearer error="insufficient_scope", scope="stack:read"');
  });

  it("a page of another origin may show a token, which is no cookie; it can use no cookie beside it and gets none", async () => {
    const { secret } = await make(["homelab:launch"]);
    const foreign = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    const launch = (headers: Record<string, string>) =>
      cloud("/api/tenant/launch", json({}, { ...foreign, ...headers }));
    expect((await launch({ authorization: `Bearer ${secret}` })).status).toBe(409);
    expect((await launch({ cookie })).status).toBe(403);
    expect((await launch({ cookie, authorization: "Bearer x" })).status).toBe(401);
    expect((await launch({ cookie, authorization: "Basic eDp5" })).status).toBe(403);
    const login = { email: "tokens@example.com", password: "correct horse battery" };
    const signedIn = await cloud("/api/auth/login", json(login, { ...foreign, authorization: "Bearer x" }));
    expect(signedIn.headers.getSetCookie()).toEqual([]);
    const batch = await cloud("/trpc/identity.login", json({ json: login }, { ...foreign, authorization: "Bearer x" }));
    expect(batch.status).toBe(200);
    expect(batch.headers.getSetCookie()).toEqual([]);
  });

  it("each operation of the document says whether it takes a token, and with which scope", async () => {
    const { components, paths } = (await (await cloud("/openapi.json")).json()) as {
      components: { securitySchemes: Record<string, { type: string; scheme?: string }> };
      paths: Record<string, Record<string, { security: unknown }>>;
    };
    expect(components.securitySchemes.bearer).toMatchObject({ type: "http", scheme: "bearer" });
    const either = (scope: string) => [{ session: [] }, { bearer: [scope] }];
    expect(paths["/v1/portal/me"]?.get?.security).toEqual(either("portal:read"));
    expect(paths["/api/tenant/{slug}"]?.get?.security).toEqual(either("portal:read"));
    expect(paths["/api/tenant/launch"]?.post?.security).toEqual(either("homelab:launch"));
    expect(paths["/api/tokens"]?.post?.security).toEqual([{ session: [] }]);
    expect(paths["/api/auth/login"]?.post?.security).toEqual([]);
    const staffDocument = (await (await admin("/openapi.json")).json()) as { components: { securitySchemes: object } };
    expect(Object.keys(staffDocument.components.securitySchemes)).toEqual(["session"]);
  });
});

describe("what cannot be taken", () => {
  it.each([
    ["no JSON at all", json("{oops"), 400, "not valid JSON"],
    ["a list instead of an object", json("[]"), 400, "JSON object"],
    ["a form", { method: "POST", body: "email=x", headers: { "content-type": "text/plain" } }, 415, "application/json"],
    [
      "an unknown field",
      json({ email: "a@example.com", password: "correct horse battery", admin: true }),
      400,
      "admin",
    ],
    ["the wrong method", { method: "DELETE" }, 405, "POST"],
  ])("%s is refused with a problem document", async (_what, init, status, words) => {
    const response = await cloud("/api/auth/register", init as RequestInit);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toContain("application/problem+json");
    const problem = (await response.json()) as Problem;
    expect(problem).toMatchObject({ code: "INVALID", status, requestId: response.headers.get("x-request-id") });
    expect(JSON.stringify(problem)).toContain(words);
  });

  it("a path that is not encoded properly is refused, not failed over", async () => {
    expect((await cloud("/api/tenant/%E0%A4%A")).status).toBe(400);
  });

  it("a body over 1 MiB is 413 and one nested too deeply is 400", async () => {
    expect((await cloud("/api/auth/register", json({ email: "x".repeat(1_100_000) }))).status).toBe(413);
    expect((await cloud("/api/auth/register", json(`${'{"a":'.repeat(40)}1${"}".repeat(40)}`))).status).toBe(400);
  });

  it("a page of another origin cannot write with a person's cookie", async () => {
    const foreign: Record<string, string>[] = [
      { origin: "https://evil.example" },
      { "sec-fetch-site": "cross-site" },
      { origin: "null" },
    ];
    for (const headers of foreign) {
      const response = await cloud(
        "/api/auth/login",
        json({ email: "rest@example.com", password: "correct horse battery" }, headers),
      );
      expect(response.status).toBe(403);
      const batch = await cloud("/trpc/identity.login", json({ json: {} }, headers));
      expect(batch.status).toBe(403);
    }
  });

  it("staff paths are not found on Cloud, customers' paths not on Admin, agents' paths on neither", async () => {
    expect((await cloud("/api/admin/instances")).status).toBe(404);
    expect((await admin("/api/auth/register", json({}))).status).toBe(404);
    for (const portal of [cloud, admin]) expect((await portal("/api/agent/join", json({}))).status).toBe(404);
  });

  it("an error over tRPC carries the same problem document and no text of the failure inside", async () => {
    const response = await cloud(
      `/trpc/tenants.get?input=${encodeURIComponent(JSON.stringify({ json: { slug: "restlab" } }))}`,
    );
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({
      error: { json: { data: { problem: { code: "FORBIDDEN", status: 401 } } } },
    });
  });

  it("a failure that nobody foresaw shows its request id and keeps its text", async () => {
    const broken = await plane.openCloud();
    await broken.db.close();
    const response = await serve(broken)(
      "/api/auth/login",
      json({ email: "rest@example.com", password: "correct horse battery" }),
    );
    expect(response.status).toBe(500);
    expect(await response.text()).not.toMatch(/CONNECTION|postgres|ECONN/i);
    await broken.close().catch((error: unknown) => expect(error).toBeInstanceOf(Error));
  });
});

it("a control plane that cannot open its secrets says so and leaves no connection behind", async () => {
  const before = await plane.database
    .owner`select count(*)::int as n from pg_stat_activity where datname = current_database()`;
  await expect(createTestPlaneWithKey(Buffer.alloc(32, 7).toString("base64"))).rejects.toThrow();
  await expect
    .poll(
      async () =>
        (
          await plane.database.owner`select count(*)::int as n from pg_stat_activity where datname = current_database()`
        )[0]?.n,
    )
    .toBeLessThanOrEqual(before[0]!.n);
});

describe("/openapi.json", () => {
  it("names every REST route of the portal with its answers, and no route of another", async () => {
    const document = (await (await cloud("/openapi.json")).json()) as {
      openapi: string;
      paths: Record<string, Record<string, { responses: object }>>;
    };
    expect(document.openapi).toBe("3.1.0");
    expect(Object.keys(document.paths).sort()).toEqual([
      "/api/auth/connections",
      "/api/auth/login",
      "/api/auth/login/second-factor",
      "/api/auth/logout",
      "/api/auth/oidc/providers",
      "/api/auth/password",
      "/api/auth/profile",
      "/api/auth/register",
      "/api/auth/reset",
      "/api/auth/reset/confirm",
      "/api/auth/second-factor",
      "/api/auth/second-factor/begin",
      "/api/auth/second-factor/disable",
      "/api/auth/second-factor/enable",
      "/api/auth/second-factor/enrolment",
      "/api/auth/second-factor/recovery-codes",
      "/api/auth/sessions",
      "/api/auth/sessions/end-others",
      "/api/auth/sessions/{id}",
      "/api/invitations/accept",
      "/api/invitations/preview",
      "/api/tenant",
      "/api/tenant/launch",
      "/api/tenant/{slug}",
      "/api/tenant/{slug}/activity",
      "/api/tenant/{slug}/invitations",
      "/api/tenant/{slug}/invitations/{invitationId}",
      "/api/tenant/{slug}/invitations/{invitationId}/resend",
      "/api/tenant/{slug}/leave",
      "/api/tenant/{slug}/members",
      "/api/tenant/{slug}/members/{userId}",
      "/api/tenant/{slug}/owner",
      "/api/tokens",
      "/api/tokens/{id}",
      "/api/webhooks/zitadel",
      "/ofrep/v1/evaluate/flags",
      "/ofrep/v1/evaluate/flags/{key}",
      "/v1/portal/feature-flags",
      "/v1/portal/me",
    ]);
    expect(Object.keys(document.paths["/api/auth/register"]?.post?.responses ?? {})).toEqual(["201", "default"]);
    const staffDocument = (await (await admin("/openapi.json")).json()) as typeof document;
    expect(Object.keys(staffDocument.paths)).toContain("/api/admin/instances/{id}/cordon");
    expect(Object.keys(staffDocument.paths).some((path) => path.startsWith("/api/agent"))).toBe(false);
  });
});

it("a ServiceError is what server-side callers get", async () => {
  await expect(
    plane.cloud
      .caller(new Request("http://localhost/"), { requestId: "r", log: testLog, clientAddress: "::1" })
      .api.identity.me(),
  ).rejects.toBeInstanceOf(ServiceError);
});
