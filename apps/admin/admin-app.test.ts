import { createTestPlane, signInStaff, type TestPlane, testLog } from "@kombify/api/testing";
import { type Listener, listen } from "@kombify/server";
import type { ServerBuild } from "@remix-run/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAdminApp } from "./admin-app.ts";

let plane: TestPlane;
let listener: Listener;

beforeAll(async () => {
  plane = await createTestPlane();
  const { app } = createAdminApp({
    controlPlane: plane.admin,
    // The pages are built for the journeys; everything here is answered before them.
    build: { routes: {} } as unknown as ServerBuild,
    clientDir: new URL("./public", import.meta.url).pathname,
    adminUrl: "http://localhost:3001",
    isProduction: true,
    version: "1.2.3",
    log: testLog,
  });
  listener = await listen({ fetch: app.fetch, port: 0 });
});
afterAll(async () => {
  await listener.close();
  await plane.close();
});

const at = (path: string, init: RequestInit = {}) => fetch(`${listener.url}${path}`, init);
const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  at(path, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json", ...headers } });

test("health and readiness answer, and metrics stay inside in production", async () => {
  expect(await (await at("/health")).json()).toMatchObject({ status: "ok", version: "1.2.3" });
  expect(await (await at("/ready")).json()).toMatchObject({ status: "ok", checks: { database: { status: "ok" } } });
  expect(await (await at("/metrics")).text()).not.toContain("http_request_duration_seconds");
});

test("a script that is not there is no page", async () => {
  const missing = await at("/assets/gone.js");
  expect(missing.status).toBe(404);
  expect(missing.headers.get("content-type")).toContain("application/problem+json");
  expect((await at("/favicon.svg")).headers.get("content-type")).toContain("image/svg+xml");
});

test("staff sign in over REST, a wrong password and an unknown address get the same words", async () => {
  const { email } = await signInStaff(plane, "operator");
  const wrong = await post("/api/auth/login", { email, password: "not the password" });
  const unknown = await post("/api/auth/login", { email: "nobody@example.com", password: "not the password" });
  expect([wrong.status, unknown.status]).toEqual([401, 401]);
  const words = async (answer: Response) => ((await answer.json()) as { detail: string }).detail;
  expect(await words(wrong)).toBe(await words(unknown));
  expect(wrong.headers.get("set-cookie")).toBeNull();
});

test("an instance is registered and listed over REST by staff, and by nobody else", async () => {
  expect((await at("/api/admin/instances")).status).toBe(401);
  const { cookie } = await signInStaff(plane, "operator");
  const refused = await post("/api/admin/instances", { name: "Rest Host" }, { cookie });
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ code: "INVALID", errors: [{ path: "name" }] });
  const made = await post("/api/admin/instances", { name: "rest-host", capacity: 5 }, { cookie });
  expect(made.status).toBe(201);
  expect(await made.json()).toMatchObject({ joinCommand: expect.stringContaining("kj1.") });
  const list = await (await at("/api/admin/instances?search=rest-host", { headers: { cookie } })).json();
  expect(list).toMatchObject({ total: 1, items: [{ name: "rest-host", capacity: 5, connection: "pending" }] });
  expect(JSON.stringify(list)).not.toContain("kj1.");
});

test("a viewer looks and changes nothing", async () => {
  const { cookie } = await signInStaff(plane, "viewer");
  expect((await at("/api/admin/instances", { headers: { cookie } })).status).toBe(200);
  expect((await post("/api/admin/instances", { name: "viewers-host" }, { cookie })).status).toBe(403);
});

test("a write that comes from a foreign page is refused", async () => {
  const { cookie } = await signInStaff(plane, "operator");
  const headers = { cookie, origin: "https://evil.example" };
  expect((await post("/api/admin/instances", { name: "foreign-host" }, headers)).status).toBe(403);
  const form = { method: "POST", body: new URLSearchParams({ name: "foreign-host" }), headers };
  expect((await at("/instances/new", form)).status).toBe(403);
});

test("the agent protocol is not on the listener for browsers", async () => {
  for (const path of ["/api/agent/join", "/api/agent/report", "/api/agent/renew"])
    expect((await post(path, {})).status, path).not.toBeLessThan(400);
});
