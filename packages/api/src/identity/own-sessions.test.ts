import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import {
  callAs,
  cookieOf,
  createTestPlane,
  type Person,
  signInStaff,
  signUpPerson,
  type TestPlane,
} from "../testing.ts";
import { deviceName } from "./device-name.ts";

let plane: TestPlane;
beforeAll(async () => {
  plane = await createTestPlane();
});
afterAll(() => plane.close());

const password = "correct horse battery";
const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

async function signInAgain({ email }: Person, userAgent = FIREFOX) {
  const { api, responseHeaders } = callAs(plane.cloud, {}, { userAgent, clientAddress: "192.0.2.7" });
  await api.identity.login({ email, password });
  const cookie = cookieOf(responseHeaders);
  return { cookie, api: callAs(plane.cloud, { cookie }).api };
}
const isRefused = (cookie: string, where = plane.cloud) =>
  expect(callAs(where, { cookie }).api.identity.me()).rejects.toMatchObject({ status: 401 });

it("a person sees where they are signed in, this one first, and no token or hash of one", async () => {
  const ann = await signUpPerson(plane, "ann");
  const other = await signInAgain(ann);
  const { items } = await other.api.identity.sessions();
  expect(items).toMatchObject([
    { isThisOne: true, device: "Firefox on Linux", clientAddress: "192.0.2.7" },
    { isThisOne: false, device: "Unknown device" },
  ]);
  const [row] = await plane.database.owner`select id from sessions where user_id = ${ann.id} limit 1`;
  expect(JSON.stringify(items)).not.toContain(row?.id);
  expect(JSON.stringify(items)).not.toContain(other.cookie.split("=")[1]);
  expect(items[0]!.expiresAt.getTime() - items[0]!.extendedAt.getTime()).toBe(30 * 24 * 3600 * 1000);
});

it("the other portal's sessions and other people's are not among them", async () => {
  const staff = await signInStaff(plane);
  const { api, responseHeaders } = callAs(plane.cloud);
  await plane.database
    .owner`update users set password_hash = (select password_hash from users where name = 'ann' limit 1)
    where email = ${staff.email}`;
  await api.identity.login({ email: staff.email, password });
  const inCloud = callAs(plane.cloud, { cookie: cookieOf(responseHeaders) }).api;
  const [mine] = (await inCloud.identity.sessions()).items;
  const [inAdmin] = (await staff.api.identity.sessions()).items;
  expect(mine?.id).not.toBe(inAdmin?.id);
  expect((await inCloud.identity.sessions()).items).toHaveLength(1);
  await expect(inCloud.identity.endSession({ id: inAdmin!.id })).rejects.toMatchObject({ code: "NOT_FOUND" });
});

it("a session that is ended is signed out at once, in another process too, and on Stacks", async () => {
  const bea = await signUpPerson(plane, "bea");
  const other = await signInAgain(bea);
  const otherProcess = await plane.openCloud();
  await callAs(otherProcess, { cookie: other.cookie }).api.identity.me();
  await other.api.identity.me();
  const { items } = await bea.api.identity.sessions();
  const id = items.find((session) => !session.isThisOne)!.id;
  await bea.api.identity.endSession({ id });
  await isRefused(other.cookie);
  await vi.waitFor(() => isRefused(other.cookie, otherProcess), { timeout: 2_000, interval: 20 });
  await bea.api.identity.me();
  expect(await plane.database.owner`select session_id from session_endings where user_id = ${bea.id}`).toEqual([
    { session_id: id },
  ]);
  const trail = await plane.database.owner`select action from audit_events where target_id = ${bea.id}`;
  expect(trail.map(({ action }) => action)).toContain("identity.endSession");
  await otherProcess.close();
});

it("somebody else's session, one that ended and one that never was are not found and go on", async () => {
  const [cat, dan] = [await signUpPerson(plane, "cat"), await signUpPerson(plane, "dan")];
  const [session] = (await cat.api.identity.sessions()).items;
  for (const id of [session!.id, randomUUID()])
    await expect(dan.api.identity.endSession({ id })).rejects.toMatchObject({ code: "NOT_FOUND" });
  await cat.api.identity.me();
});

it("signing out everywhere else leaves this browser alone", async () => {
  const eva = await signUpPerson(plane, "eva");
  const others = [await signInAgain(eva), await signInAgain(eva)];
  expect(await eva.api.identity.endOtherSessions()).toEqual({ ended: 2 });
  for (const { cookie } of others) await isRefused(cookie);
  expect((await eva.api.identity.sessions()).items).toHaveLength(1);
});

it("signing in never goes on with a session that the browser had before", async () => {
  const fay = await signUpPerson(plane, "fay");
  const { api, responseHeaders } = callAs(plane.cloud, { cookie: fay.cookie });
  await api.identity.login({ email: fay.email, password });
  expect(cookieOf(responseHeaders)).not.toBe(fay.cookie);
  // A token that somebody planted in the browser before is nothing afterwards.
  const planted = callAs(plane.cloud, { cookie: `kombify_cloud=${"a".repeat(43)}` });
  await planted.api.identity.login({ email: fay.email, password });
  await isRefused(`kombify_cloud=${"a".repeat(43)}`);
});

it("a person is called what they say from the next request on", async () => {
  const gus = await signUpPerson(plane, "gus");
  await gus.api.identity.updateProfile({ name: "  Gustav K. " });
  expect((await gus.api.identity.me()).user.name).toBe("Gustav K.");
  await expect(gus.api.identity.updateProfile({ name: " " })).rejects.toMatchObject({ fields: [{ path: "name" }] });
});

it("devices are called what people call them", () => {
  expect(deviceName(FIREFOX)).toBe("Firefox on Linux");
  expect(deviceName("curl/8.5.0")).toBe("curl");
  expect(deviceName("")).toBe("Unknown device");
  expect(deviceName("<script>alert(1)</script>")).toBe("Unknown device");
});
