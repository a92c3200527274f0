/** Teams in the portal as a browser without script sees them, from the invitation in the mailbox to the last way out. */
import { existsSync } from "node:fs";
import { Writable } from "node:stream";
import { createTestPlane, type Person, signUpPerson, type TestPlane } from "@kombify/api/testing";
import { createLogger, type Listener, listen } from "@kombify/server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createCloudApp } from "./cloud-app.ts";

let plane: TestPlane;
let portal: Listener;
const lines: string[] = [];

async function openPortal(controlPlane: TestPlane["cloud"]): Promise<Listener> {
  const buildFile = new URL("./build/server/index.js", import.meta.url);
  if (!existsSync(buildFile)) throw new Error("The portal is not built: run `npm test`, or `turbo run build` first.");
  const stream = new Writable({ write: (chunk, _encoding, done) => done(void lines.push(String(chunk))) });
  const { app } = createCloudApp({
    controlPlane,
    build: await import(/* @vite-ignore */ buildFile.href),
    clientDir: new URL("./build/client", import.meta.url).pathname,
    cloudUrl: "http://localhost:3000",
    issuers: [],
    isProduction: true,
    version: "test",
    log: createLogger({ name: "test", level: "trace" }, stream),
  });
  return listen({ fetch: app.fetch, port: 0 });
}

beforeAll(async () => {
  plane = await createTestPlane({ hasMailbox: true });
  portal = await openPortal(plane.cloud);
});
afterAll(async () => {
  await portal?.close();
  await plane?.close();
});

const get = (path: string, cookie = "") => fetch(`${portal.url}${path}`, { redirect: "manual", headers: { cookie } });
const textOf = async (path: string, cookie = "") => (await get(path, cookie)).text();
const post = (path: string, fields: Record<string, string>, cookie = "") =>
  fetch(`${portal.url}${path}`, {
    method: "POST",
    redirect: "manual",
    body: new URLSearchParams(fields),
    headers: { origin: portal.url, cookie },
  });
const locationOf = (answer: Response) => answer.headers.get("location") ?? "";
const cookieOf = (answer: Response) => (answer.headers.getSetCookie()[0] ?? "").split(";")[0] ?? "";
const asTeam = (person: Person, fields: Record<string, string>) =>
  post(`/team?tenant=${person.tenant.slug}`, { tenant: person.tenant.slug, ...fields }, person.cookie);

/** The link in the newest mail, read from the mailbox page as a person reads it. */
async function linkInMailbox(): Promise<string> {
  const [, id] = /href="\/dev\/mailbox\/([0-9a-f-]{36})"/.exec(await textOf("/dev/mailbox")) ?? [];
  const [, path] =
    /href="http:\/\/localhost:3000(\/invitations\/[^"]+)"/.exec(await textOf(`/dev/mailbox/${id}`)) ?? [];
  return path ?? "";
}

async function invite(owner: Person, email: string, role = "member"): Promise<string> {
  expect(locationOf(await asTeam(owner, { intent: "invite", email, role }))).toContain("done=invited");
  return linkInMailbox();
}

test("somebody without an account joins by the link in the mail and lands in that homelab, with none of their own", async () => {
  const owner = await signUpPerson(plane, "ann");
  const email = `new-${crypto.randomUUID()}@example.com`;
  const link = await invite(owner, email);
  expect(await textOf("/dev/mailbox")).toContain("nothing is really sent");
  const page = await textOf(link);
  expect(page).toContain("Join ann lab");
  expect(page).toContain(`value="${email}"`);
  const refused = await post(link, { intent: "join", password: "short", name: "Noa" });
  expect(refused.status).toBe(400);
  const joined = await post(link, {
    intent: "join",
    // What the form says of the address does not count.
    email: "somebody-else@example.com",
    name: "Noa",
    password: "correct horse battery",
    idempotencyKey: crypto.randomUUID(),
  });
  expect(locationOf(joined)).toBe(`/homelab?tenant=${owner.tenant.slug}`);
  const team = await textOf(`/team?tenant=${owner.tenant.slug}`, cookieOf(joined));
  expect(team).toContain("Noa");
  expect(team).toContain(email);
  expect(team).toContain("Leave the team");
  expect(team).not.toContain("Invite somebody");
  expect(await textOf(link)).toContain("This invitation does not work");
});

test("who is signed in with another address can sign out and go on; with the right one it is one button", async () => {
  const owner = await signUpPerson(plane, "bea");
  const [guest, other] = [await signUpPerson(plane, "guest"), await signUpPerson(plane, "other")];
  const link = await invite(owner, guest.email);
  expect(await textOf(link, other.cookie)).toContain("Sign out and continue");
  expect((await post(link, { intent: "accept" }, other.cookie)).status).toBe(403);
  const switched = await post(link, { intent: "switch" }, other.cookie);
  expect(locationOf(switched)).toBe(link);
  expect(cookieOf(switched)).toBe("kombify_cloud=");
  expect(await textOf(link)).toContain(`/login?next=${encodeURIComponent(link)}`);
  expect(await textOf(link, guest.cookie)).toContain("Accept and join");
  expect(locationOf(await post(link, { intent: "accept" }, guest.cookie))).toBe(`/homelab?tenant=${owner.tenant.slug}`);
});

test("the owner changes roles, removes, sends again, withdraws and hands over with forms alone", async () => {
  const owner = await signUpPerson(plane, "cleo");
  await plane.database.owner`update tenants set plan = 'pro' where id = ${owner.tenant.id}`;
  const [dan, eva] = [await signUpPerson(plane, "dan"), await signUpPerson(plane, "eva")];
  for (const person of [dan, eva]) await post(await invite(owner, person.email), { intent: "accept" }, person.cookie);
  const first = await invite(owner, "later@example.com");
  const page = await textOf(`/team?tenant=${owner.tenant.slug}`, owner.cookie);
  const [, invitationId = ""] = /name="invitationId" value="([^"]+)"/.exec(page) ?? [];
  expect(locationOf(await asTeam(owner, { intent: "resend", invitationId }))).toContain("done=resent");
  const second = await linkInMailbox();
  expect((await get(first)).status).toBe(404);
  expect((await get(second)).status).toBe(200);
  expect(locationOf(await asTeam(owner, { intent: "withdraw", invitationId }))).toContain("done=withdrawn");
  expect(await textOf(second)).toContain("was withdrawn");
  expect(locationOf(await asTeam(owner, { intent: "role", userId: dan.id, role: "admin" }))).toContain("done=role");
  expect(await textOf(`/team?tenant=${owner.tenant.slug}&remove=${eva.id}`, owner.cookie)).toContain(
    "Remove eva from the team?",
  );
  expect(locationOf(await asTeam(owner, { intent: "remove", userId: eva.id }))).toContain("done=removed");
  expect((await get(`/team?tenant=${owner.tenant.slug}`, eva.cookie)).status).toBe(404);
  const wrong = await asTeam(owner, { intent: "transfer", userId: dan.id, confirmName: "cleo" });
  expect(wrong.status).toBe(400);
  expect(await wrong.text()).toContain("Type cleo lab.");
  const fields = { intent: "transfer", userId: dan.id, confirmName: "cleo lab" };
  expect(locationOf(await asTeam(owner, fields))).toContain("done=transferred");
  expect(locationOf(await asTeam(owner, { intent: "leave" }))).toBe("/homelab");
  expect((await get(`/team?tenant=${owner.tenant.slug}`, owner.cookie)).status).toBe(404);
});

test("a full team says how much room the plan has, and which has more", async () => {
  const owner = await signUpPerson(plane, "fay");
  await invite(owner, "gus@example.com");
  const page = (await textOf(`/team?tenant=${owner.tenant.slug}`, owner.cookie)).replaceAll("<!-- -->", "");
  expect(page).toContain("2 of 2");
  expect(page).toContain("The Free plan has room for 2, open invitations included. The Pro plan has 10.");
  expect(page).not.toContain('name="email"');
});

test("a refusal stands beside its field and keeps what was typed", async () => {
  const owner = await signUpPerson(plane, "hal");
  const answer = await asTeam(owner, { intent: "invite", email: "not-an-address", role: "viewer" });
  const text = await answer.text();
  expect(answer.status).toBe(400);
  expect(text).toContain("such as name@example.com");
  expect(text).toContain('value="not-an-address"');
});

test("the token of a link is in no log line, no Referer and no cache", async () => {
  const owner = await signUpPerson(plane, "ivo");
  const link = await invite(owner, "jan@example.com");
  const token = link.split("/").at(-1) ?? "";
  expect(token).toHaveLength(43);
  const data = `${link}.data`;
  for (const answer of [await get(link), await get(data), await post(link, { intent: "join", password: "x" })]) {
    expect(answer.headers.get("referrer-policy")).toBe("strict-origin");
    expect(answer.headers.get("cache-control")).toBe("no-store");
  }
  await get(link.replace("invitations", "Invitations"));
  await get(`/login?next=${encodeURIComponent(link)}`);
  const log = lines.join("");
  expect(log).toContain('"path":"/invitations/:token"');
  expect(log).not.toContain(token);
});

test("without the setting there is no mailbox: an address like any other that nothing has", async () => {
  const plain = await createTestPlane();
  const listener = await openPortal(plain.cloud);
  try {
    const nowhere = await fetch(`${listener.url}/no-such-page`);
    for (const path of ["/dev/mailbox", `/dev/mailbox/${crypto.randomUUID()}`]) {
      const answer = await fetch(`${listener.url}${path}`);
      expect(answer.status).toBe(nowhere.status);
      const text = await answer.text();
      expect(text).toContain("No page has this address");
      expect(text.replace(/<script[\s\S]*?<\/script>/g, "")).not.toMatch(/mailbox/i);
    }
  } finally {
    await listener.close();
    await plain.close();
  }
});
