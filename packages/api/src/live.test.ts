import { notifyChange } from "@kombify/db";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestPlane, joinHost, signInStaff, signUpPerson, type TestAgent, type TestPlane } from "./testing.ts";

let plane: TestPlane;
let staff: Awaited<ReturnType<typeof signInStaff>>;
let host: TestAgent;
beforeAll(async () => {
  plane = await createTestPlane();
  staff = await signInStaff(plane);
  host = await joinHost(plane, staff, "live-host");
});
afterAll(() => plane.close());

it("a waiting person sees every step as it happens, without asking again", async () => {
  const ann = await signUpPerson(plane, "ann");
  const states: string[][] = [];
  const views = (await ann.api.tenants.watch({ slug: ann.tenant.slug }))[Symbol.asyncIterator]();
  const see = async () => {
    const { value } = await views.next();
    states.push((value?.steps ?? []).map((step: { state: string }) => step.state));
  };
  await see();
  const report = (state: "creating" | "ready") =>
    host.beat({ tenants: [{ tenantId: ann.tenant.id, generation: 1, state }] });
  await report("creating");
  await see();
  await report("ready");
  await see();
  expect(states[0]).toEqual(["done", "done", "active", "waiting"]);
  expect(states.at(-1)).toEqual(["done", "done", "done", "done"]);
  await views.return?.();
});

it("a plain heartbeat does not wake those who watch a homelab", async () => {
  const bob = await signUpPerson(plane, "bob");
  await host.applyAll();
  const views = (await bob.api.tenants.watch({ slug: bob.tenant.slug }))[Symbol.asyncIterator]();
  await views.next();
  // Whatever the placement and the report still had to say is read before the quiet begins.
  let pending = views.next();
  while (
    (await Promise.race([pending.then(() => "woken"), new Promise((resolve) => setTimeout(resolve, 300, "quiet"))])) ===
    "woken"
  )
    pending = views.next();
  const { appliedRevision } = await staff.api.instances.get({ id: host.instanceId });
  await host.beat({ appliedRevision });
  const outcome = await Promise.race([
    pending.then(() => "woken"),
    new Promise((resolve) => setTimeout(resolve, 300, "quiet")),
  ]);
  expect(outcome).toBe("quiet");
  await host.beat({ appliedRevision: appliedRevision + 1 });
  expect((await pending).value?.appliedRevision).toBe(appliedRevision + 1);
});

it("staff are told to look once they listen, and then hear of a tenant that signs up", async () => {
  const changes = (await staff.api.fleet.watch())[Symbol.asyncIterator]();
  expect((await changes.next()).value?.id).toBe("*");
  const next = changes.next();
  const eve = await signUpPerson(plane, "eve");
  const seen = [await next, await changes.next()].map(({ value }) => value?.id);
  expect(seen).toContain(eve.tenant.id);
});

it("a stream ends with the session or the membership that it was opened with", async () => {
  const [leaver, member] = [await signUpPerson(plane, "leaver"), await signUpPerson(plane, "member")];
  const open = async ({ api, tenant }: typeof leaver) => {
    const views = (await api.tenants.watch({ slug: tenant.slug }))[Symbol.asyncIterator]();
    await views.next();
    return async () => {
      for (;;) await views.next();
    };
  };
  const [untilSignedOut, untilRemoved] = [await open(leaver), await open(member)];
  // Each is expected before its cause: a stream can end before the call that ends it has answered.
  const signedOut = expect(untilSignedOut()).rejects.toMatchObject({ status: 401 });
  const removed = expect(untilRemoved()).rejects.toMatchObject({ code: "NOT_FOUND" });
  await leaver.api.identity.logout();
  await signedOut;
  await plane.database.owner`delete from memberships where user_id = ${member.id}`;
  await plane.cloud.db
    .as({ kind: "system" })
    .transaction((tx) => notifyChange(tx, { noun: "sessions", id: member.id }));
  await removed;
});

it("what staff watch ends when they are signed out", async () => {
  const changes = (await staff.api.fleet.watch())[Symbol.asyncIterator]();
  await changes.next();
  const rest = async () => {
    for (;;) await changes.next();
  };
  const ended = expect(rest()).rejects.toMatchObject({ status: 401 });
  await staff.api.identity.staffLogout();
  await ended;
});
