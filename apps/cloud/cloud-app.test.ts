import { existsSync } from "node:fs";
import { seedOwnFlags } from "@kombify/api";
import { createTestPlane, joinHost, signInStaff, signUpPerson, type TestPlane, testLog } from "@kombify/api/testing";
import { type Listener, listen } from "@kombify/server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createCloudApp } from "./cloud-app.ts";

const PROVIDERS = [
  { id: "zitadel", name: "Zitadel", issuer: "https://login.example", clientId: "cloud", audiences: [] },
];
let plane: TestPlane;
let portal: Listener;

beforeAll(async () => {
  const buildFile = new URL("./build/server/index.js", import.meta.url);
  if (!existsSync(buildFile)) throw new Error("The portal is not built: run `npm test`, or `turbo run build` first.");
  plane = await createTestPlane({ oidcProviders: PROVIDERS });
  const { app } = createCloudApp({
    controlPlane: plane.cloud,
    build: await import(/* @vite-ignore */ buildFile.href),
    clientDir: new URL("./build/client", import.meta.url).pathname,
    cloudUrl: "http://localhost:3000",
    issuers: PROVIDERS.map(({ issuer }) => issuer),
    isProduction: true,
    version: "test",
    log: testLog,
  });
  portal = await listen({ fetch: app.fetch, port: 0 });
});
afterAll(async () => {
  await portal?.close();
  await plane?.close();
});

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${portal.url}${path}`, { redirect: "manual", headers });
/** A form as a browser without script sends it. */
const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(`${portal.url}${path}`, {
    method: "POST",
    redirect: "manual",
    body: new URLSearchParams(fields),
    headers: { origin: portal.url, ...headers },
  });
const cookieOf = (response: Response) => (response.headers.getSetCookie()[0] ?? "").split(";")[0] ?? "";
const newPerson = () => ({ email: `ada-${crypto.randomUUID()}@example.com`, password: "correct horse battery" });

test("signing up without script leads to the steps of one's own homelab, signed in", async () => {
  const answer = await post("/signup", {
    ...newPerson(),
    tenantName: "Ada's lab",
    idempotencyKey: crypto.randomUUID(),
  });
  expect(answer.status).toBe(302);
  expect(answer.headers.get("location")).toMatch(/^\/welcome\?tenant=adaslab/);
  expect(answer.headers.getSetCookie()[0]).toMatch(/^kombify_cloud=.*HttpOnly/i);
  const page = await get(answer.headers.get("location") ?? "", { cookie: cookieOf(answer) });
  const text = await page.text();
  expect(page.status).toBe(200);
  expect(text).toContain("You are in the queue");
  expect(text.replace(/<script[\s\S]*?<\/script>/g, "")).not.toMatch(/namespace|tenant_/i);
});

test("a sign-up that is sent twice makes one homelab", async () => {
  const form = { ...newPerson(), tenantName: "Twice", idempotencyKey: crypto.randomUUID() };
  const [first, second] = [await post("/signup", form), await post("/signup", form)];
  expect(second.status).toBe(302);
  expect(second.headers.get("location")).toBe(first.headers.get("location"));
});

test("a refused sign-up says why beside each field, keeps what was typed and forgets the password", async () => {
  const answer = await post("/signup", { email: "not-an-address", password: "short", tenantName: "Ada's lab" });
  const text = await answer.text();
  expect(answer.status).toBe(400);
  expect(text).toContain("2 things to correct");
  expect(text).toContain("such as name@example.com");
  expect(text).toContain('value="not-an-address"');
  expect(text).not.toContain("short&quot;");
  expect(text).not.toContain('value="short"');
});

test("a form that a foreign page sends is refused", async () => {
  const answer = await post("/signup", newPerson(), { origin: "https://evil.example" });
  expect(answer.status).toBe(403);
  expect(answer.headers.getSetCookie()).toEqual([]);
});

test("who is not signed in is sent to sign in and back", async () => {
  const answer = await get("/homelab?tenant=ada");
  expect(answer.headers.get("location")).toBe("/login?next=%2Fhomelab%3Ftenant%3Dada");
});

test("somebody else's homelab is a page that does not exist", async () => {
  const ann = await signUpPerson(plane, "ann");
  const bob = await signUpPerson(plane, "bob");
  const answer = await get(`/homelab?tenant=${ann.tenant.slug}`, { cookie: bob.cookie });
  expect(answer.status).toBe(404);
  const text = await answer.text();
  expect(text).toContain("There is nothing here");
  expect(text).not.toContain("ann lab");
});

test("a launch that cannot work leads back to the card, which says why", async () => {
  const host = await joinHost(plane, await signInStaff(plane), `host-${crypto.randomUUID().slice(0, 8)}`);
  const person = await signUpPerson(plane, "eve");
  const launch = () => post("/launch", { tenant: person.tenant.slug }, { cookie: person.cookie });
  expect((await launch()).headers.get("location")).toBe(`/homelab?tenant=${person.tenant.slug}&launch=not-ready`);
  await host.applyAll();
  const back = (await launch()).headers.get("location") ?? "";
  expect(back).toBe(`/homelab?tenant=${person.tenant.slug}&launch=no-answer`);
  expect(await (await get(back, { cookie: person.cookie })).text()).toContain("Its host did not answer");
});

test("flags switch a page, a card and the launch of a homelab, and without flags it is as the manifest says", async () => {
  const { owner } = plane.database;
  const host = await joinHost(plane, await signInStaff(plane), `host-${crypto.randomUUID().slice(0, 8)}`);
  const { cookie, tenant } = await signUpPerson(plane, "flags");
  await host.applyAll();
  const page = async (path: string) => {
    const answer = await get(`${path}?tenant=${tenant.slug}`, { cookie });
    return { status: answer.status, text: await answer.text() };
  };
  const set = async (key: string, variant: string) => {
    await owner`update flags set default_variant = ${variant}, targeting = '{}' where key = ${key}`;
    await owner`update flag_settings set revision = revision + 1`;
  };
  const plain = await page("/homelab");
  expect(plain.text).toContain("Launch my homelab");
  expect(plain.text).not.toMatch(/First steps|What is new/);
  expect((await page("/whats-new")).status).toBe(404);

  await seedOwnFlags(plane.admin.asSystem("test"));
  await set("first-steps", "on");
  await expect.poll(async () => (await page("/homelab")).text).toContain("First steps");
  expect((await page("/homelab")).text).toMatch(/0(<!-- -->)? of (<!-- -->)?3(<!-- -->)? done/);
  expect((await page("/homelab")).text).toContain(`href="/whats-new?tenant=${tenant.slug}"`);
  expect((await page("/whats-new")).text).toContain("First steps on your homelab");
  await set("whats-new", "off");
  await expect.poll(async () => (await page("/whats-new")).status).toBe(404);
  expect((await page("/homelab")).text).not.toContain("What is new");

  await set("homelab-launch", "off");
  await expect.poll(async () => (await page("/homelab")).text).toContain("Launching is paused for a moment");
  for (const path of ["/homelab", "/welcome"]) expect((await page(path)).text).not.toContain("Launch my homelab");
  const refused = await fetch(`${portal.url}/api/tenant/launch`, { method: "POST", headers: { cookie } });
  expect([refused.status, await refused.json()]).toEqual([
    409,
    expect.objectContaining({ code: "PRECONDITION", detail: expect.stringContaining("paused") }),
  ]);
  await owner`delete from flags`;
  await owner`update flag_settings set revision = revision + 1`;
  await expect.poll(async () => (await page("/homelab")).text).toContain("Launch my homelab");
});

test("an access token is made, shown once and revoked without script", async () => {
  const { cookie, email } = await signUpPerson(plane, "tokens");
  const page = async (path = "/settings/tokens") => (await get(path, { cookie })).text();
  expect(await page()).toContain("No access tokens yet");
  const send = async (fields: [string, string][]) => {
    const answer = await fetch(`${portal.url}/settings/tokens`, {
      method: "POST",
      redirect: "manual",
      body: new URLSearchParams(fields),
      headers: { origin: portal.url, cookie },
    });
    return { status: answer.status, text: await answer.text(), cache: answer.headers.get("cache-control") };
  };

  const refused = await send([
    ["intent", "create"],
    ["name", "Backup script"],
    ["expiresAt", "30"],
  ]);
  expect(refused.status).toBe(400);
  expect(refused.text).toContain("Choose at least one thing");
  expect(refused.text).toContain('value="Backup script"');

  const made = await send([
    ["intent", "create"],
    ["name", "Backup script"],
    ["expiresAt", "30"],
    ["scopes", "portal:read"],
    ["scopes", "stack:read"],
  ]);
  const [secret = ""] = /kpat_[\w-]{43}/.exec(made.text) ?? [];
  expect(made.cache).toBe("private, no-store");
  const headers = { authorization: `Bearer ${secret}` };
  expect(await (await get("/v1/portal/me", headers)).json()).toMatchObject({ user: { email } });

  const list = await page();
  expect(list).toContain("Backup script");
  expect(list).toContain("Read what is in my homelabs");
  expect(list).not.toContain(secret);
  const [, id = ""] = /revoke=([0-9a-f-]{36})/.exec(list) ?? [];
  expect(await page(`/settings/tokens?revoke=${id}`)).toContain("Type Backup script to confirm");
  const revoke = (typedName: string) =>
    send([
      ["intent", "revoke"],
      ["id", id],
      ["typedName", typedName],
    ]);
  expect((await revoke("Something else")).status).toBe(400);
  expect((await get("/v1/portal/me", headers)).status).toBe(200);
  expect((await revoke("Backup script")).text).toContain("is revoked.");
  await expect.poll(async () => (await get("/v1/portal/me", headers)).status).toBe(401);
  expect((await revoke("Backup script")).status).toBe(404);
});

test("access tokens are not a page for those who are not signed in, nor for a token", async () => {
  expect((await get("/settings/tokens")).headers.get("location")).toBe("/login?next=%2Fsettings%2Ftokens");
  const { api } = await signUpPerson(plane, "tokens");
  const { secret } = await api.tokens.create({ name: "curious" });
  expect((await get("/settings/tokens", { authorization: `Bearer ${secret}` })).status).toBe(403);
});

test("a missing script is not answered with a page, and built files are kept for ever", async () => {
  const missing = await get("/assets/gone.js");
  expect(missing.status).toBe(404);
  expect(missing.headers.get("content-type")).toBe("application/problem+json");
  const [, style] = /href="(\/assets\/[^"]+\.css)"/.exec(await (await get("/")).text()) ?? [];
  const built = await get(style ?? "", { "accept-encoding": "br" });
  expect(built.headers.get("cache-control")).toContain("immutable");
  expect(built.headers.get("content-encoding")).toBe("br");
});

test("every inline script and style of a page carries the nonce that its policy names", async () => {
  const page = await get("/signup");
  const [, nonce] = /script-src 'self' 'nonce-([^']+)'/.exec(page.headers.get("content-security-policy") ?? "") ?? [];
  const text = await page.text();
  const inline = [...text.matchAll(/<(?:script|style)\b[^>]*>/g)].map(([tag]) => tag);
  expect(inline.length).toBeGreaterThan(2);
  for (const tag of inline) expect(tag).toContain(`nonce="${nonce}"`);
});

test("the portal's health has the gateway's name too, and an unknown API path is a problem and not a page", async () => {
  const health = await get("/v1/portal/health");
  expect(await health.json()).toMatchObject({ status: "ok" });
  const unknown = await get("/v1/nothing");
  expect(unknown.status).toBe(404);
  expect(unknown.headers.get("content-type")).toContain("application/problem+json");
});

test("every identity provider is a link of the log-in and sign-up pages, which say why somebody came back without signing in", async () => {
  const login = await (await get("/login?problem=address-taken&provider=zitadel&next=/settings")).text();
  expect(login).toContain('href="/api/auth/oidc/start?provider=zitadel&amp;next=%2Fsettings"');
  expect(login).toContain("Sign in with its password, then connect Zitadel under Settings");
  expect(await (await get("/signup")).text()).toContain('href="/api/auth/oidc/start?provider=zitadel"');
});

test("forms may lead to the identity providers and nowhere else", async () => {
  const page = await get("/login");
  expect(page.headers.get("content-security-policy")).toContain("form-action 'self' https://login.example");
});

test("connected accounts are listed with what could be added, without script too", async () => {
  expect((await get("/settings/connections")).headers.get("location")).toBe("/login?next=%2Fsettings%2Fconnections");
  const ann = await signUpPerson(plane, "connects");
  const page = await get("/settings/connections", { cookie: ann.cookie });
  expect(await page.text()).toContain('aria-label="Connect Zitadel"');
  const refused = await post(
    "/settings/connections",
    { intent: "disconnect", issuer: "https://x.example" },
    { cookie: ann.cookie },
  );
  expect(refused.status).toBe(404);
  expect(await refused.text()).toContain("This provider is not connected to your account.");
});
