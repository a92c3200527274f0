/** What needs no forged token: other people's tickets, pages that send one elsewhere, sessions that were planted. */
import { beforeAll, describe, expect, test } from "vitest";
import { type Person, register, somebody } from "./src/people.ts";
import { sharedSystem } from "./src/shared-system.ts";
import type { System } from "./src/system.ts";
import { until } from "./src/until.ts";

let system: System;
let ann: Person & { cookie: string };
beforeAll(async () => {
  system = await sharedSystem();
  const person = somebody("attacked");
  const answer = await register(system.cloudUrl, person);
  ann = { ...person, cookie: answer.headers.getSetCookie()[0]?.split(";")[0] ?? "" };
  await until("the homelab is active", async () => {
    const shown = await fetch(`${system.cloudUrl}/api/tenant/${ann.slug}`, { headers: { cookie: ann.cookie } });
    return ((await shown.json()) as { status: string }).status === "active";
  });
}, 180_000);

const json = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  redirect: "manual",
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(body),
});
const form = (fields: Record<string, string>, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  redirect: "manual",
  headers,
  body: new URLSearchParams(fields),
});
const credentials = () => ({ email: ann.email, password: ann.password });

const ELSEWHERE = [
  "//evil.example",
  "///evil.example",
  "/\\evil.example",
  "\\\\evil.example",
  "/\t/evil.example",
  "https://evil.example",
  "HTTPS://EVIL.example/",
  "https:evil.example",
  "javascript:alert(1)",
  "/@evil.example:80//",
  "%2f%2fevil.example",
  "/%5cevil.example",
  ".evil.example",
  "@evil.example",
];

describe("an address to go to afterwards", () => {
  const leadsHome = (answer: Response) => {
    const location = answer.headers.get("location");
    expect(location).not.toBeNull();
    expect(new URL(location ?? "", system.cloudUrl).origin).toBe(system.cloudUrl);
    expect(location).not.toMatch(/^[\\/]{2}|^\/\\/);
  };

  test.each(ELSEWHERE)("%j leads nowhere but to a page of ours", async (next) => {
    const { cloudUrl } = system;
    const query = new URLSearchParams({ next });
    leadsHome(await fetch(`${cloudUrl}/login?${query}`, { redirect: "manual", headers: { cookie: ann.cookie } }));
    leadsHome(await fetch(`${cloudUrl}/login`, form({ ...credentials(), next }, { origin: cloudUrl })));
    const away = await fetch(`${cloudUrl}/api/auth/oidc/start?provider=zitadel&${query}`, { redirect: "manual" });
    // On the way to the provider nothing of it is told; it travels sealed.
    expect(decodeURIComponent(away.headers.get("location") ?? "")).not.toContain("evil.example");
  });
});

describe("another site that makes a visitor's browser", () => {
  const FOREIGN = [
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin: "http://localhost.evil.example", "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ];

  test.each(FOREIGN)("sign in to somebody else's account is refused: %j", async (headers) => {
    for (const answer of [
      await fetch(`${system.cloudUrl}/api/auth/login`, json(credentials(), headers as never)),
      await fetch(`${system.cloudUrl}/trpc/identity.login`, json({ json: credentials() }, headers as never)),
      await fetch(`${system.cloudUrl}/login`, form(credentials(), headers as never)),
    ]) {
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
  });

  test.each(FOREIGN)("write with its person's cookie is refused: %j", async (headers) => {
    const withCookie = { cookie: ann.cookie, ...headers } as never;
    const answer = await fetch(`${system.cloudUrl}/api/tokens`, json({ name: "stolen" }, withCookie));
    expect(answer.status).toBe(403);
  });
});

test("a session that was planted before signing in is not the one that begins", async () => {
  const planted = `kombify_cloud=${"p".repeat(43)}`;
  const answer = await fetch(`${system.cloudUrl}/api/auth/login`, json(credentials(), { cookie: planted }));
  expect(answer.status).toBe(200);
  const begun = answer.headers.getSetCookie()[0]?.split(";")[0];
  expect(begun).toMatch(/^kombify_cloud=[\w-]{43}$/);
  expect([planted, ann.cookie]).not.toContain(begun);
  const meWith = (cookie: string) => fetch(`${system.cloudUrl}/v1/portal/me`, { headers: { cookie } });
  expect((await meWith(planted)).status).toBe(401);
  expect((await meWith(begun ?? "")).status).toBe(200);
});

test("of a hundred who post one ticket at once, exactly one is let in", async () => {
  const launched = await fetch(`${system.cloudUrl}/api/tenant/launch`, json({}, { cookie: ann.cookie }));
  const { ticket, redirectUrl } = (await launched.json()) as { ticket: string; redirectUrl: string };
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => fetch(redirectUrl, form({ ticket }, { origin: system.cloudUrl }))),
  );
  expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 403)).toHaveLength(99);
  expect(answers.flatMap((answer) => answer.headers.getSetCookie())).toHaveLength(1);
});
