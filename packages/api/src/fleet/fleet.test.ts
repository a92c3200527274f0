import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestPlane, joinHost, signInStaff, signUpPerson, type TestAgent, type TestPlane } from "../testing.ts";
import { sweepConnections } from "./sweep.ts";

let plane: TestPlane;
let staff: Awaited<ReturnType<typeof signInStaff>>;
let host: TestAgent;
beforeAll(async () => {
  plane = await createTestPlane();
  staff = await signInStaff(plane);
  host = await joinHost(plane, staff, "watched", 2);
});
afterAll(() => plane.close());

const sweep = () => sweepConnections(plane.admin.asSystem("test"));
const connection = async () => (await staff.api.instances.get({ id: host.instanceId })).connection;
const silentFor = (seconds: number) =>
  plane.database
    .owner`update instance_reports set last_seen_at = now() - ${seconds} * interval '1 second' where instance_id = ${host.instanceId}`;
const judgeSince = (sweepSeconds: number, graceSeconds: number | null) =>
  plane.database
    .owner`update fleet_watch set last_sweep_at = now() - ${sweepSeconds} * interval '1 second', grace_until = now() + ${graceSeconds} * interval '1 second'`;

it("after the control plane was away, nobody is blamed for one full window", async () => {
  await sweep();
  await silentFor(600);
  expect(await sweep()).toBe(0);
  expect(await connection()).toBe("connected");
  await judgeSince(31, null);
  expect(await sweep()).toBe(0);
});

it("silence makes an instance stale, then offline, and three good heartbeats bring it back", async () => {
  await judgeSince(1, null);
  await silentFor(44);
  expect(await sweep()).toBe(0);
  await silentFor(46);
  expect(await sweep()).toBe(1);
  expect(await connection()).toBe("stale");
  await silentFor(121);
  await sweep();
  expect(await connection()).toBe("offline");
  expect((await staff.api.fleet.overview()).problems[0]).toMatchObject({
    severity: "critical",
    title: "watched is offline",
  });
  await host.beat();
  await host.beat();
  expect(await connection()).toBe("offline");
  await host.beat();
  expect(await connection()).toBe("connected");
  const { events } = await staff.api.instances.get({ id: host.instanceId });
  expect(events.map((event) => event.kind).slice(0, 3)).toEqual(["connected", "offline", "stale"]);
});

it("a stale instance gets no new tenant", async () => {
  await plane.database.owner`update instance_reports set connection = 'stale' where instance_id = ${host.instanceId}`;
  expect((await signUpPerson(plane, "unplaced")).tenant.status).toBe("waiting_for_capacity");
  await plane.database
    .owner`update instance_reports set connection = 'connected' where instance_id = ${host.instanceId}`;
});

it("the overview counts what is there and says who waits", async () => {
  await signUpPerson(plane, "placed");
  const overview = await staff.api.fleet.overview();
  expect(overview.instances).toMatchObject({ total: 1, connected: 1 });
  expect(overview.places).toEqual({ capacity: 2, used: 1, free: 1 });
  expect(overview.tenants).toMatchObject({ total: 2, waiting: 1, provisioning: 1 });
  expect(overview.problems.map((problem) => problem.title)).toContain("1 tenant waiting for room");
  expect(overview.signups).toHaveLength(14);
  expect(overview.signups.at(-1)?.count).toBe(2);
});

it("lists page through everything once, in order, whatever the sort", async () => {
  for (const name of ["a-one", "b-two", "c-three"]) await staff.api.instances.register({ name });
  for (const sort of ["name", "-name", "createdAt", "-createdAt"] as const) {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await staff.api.instances.list({ sort, limit: 2, ...(cursor ? { cursor } : {}) });
      expect(page.total).toBe(4);
      seen.push(...page.items.map((item) => item.name));
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    expect(new Set(seen).size).toBe(4);
    if (sort === "name") expect(seen).toEqual([...seen].sort());
    if (sort === "-name") expect(seen).toEqual([...seen].sort().reverse());
  }
  await expect(staff.api.instances.list({ cursor: "bogus" })).rejects.toMatchObject({
    code: "INVALID",
    fields: [{ path: "cursor" }],
  });
});

it("tenants are found by slug, name, owner's address and organisation, and wildcards are only characters", async () => {
  const ann = await signUpPerson(plane, "findme");
  for (const search of [ann.tenant.slug, "findme lab", ann.email, ann.tenant.id])
    expect((await staff.api.tenants.search({ search })).items.map((item) => item.id)).toEqual([ann.tenant.id]);
  expect((await staff.api.tenants.search({ search: "%" })).total).toBe(0);
  expect((await staff.api.tenants.search({ status: "active" })).total).toBe(0);
});

it("an instance with tenants or a live agent cannot be removed; an empty one can", async () => {
  await expect(staff.api.instances.remove({ id: host.instanceId })).rejects.toMatchObject({ code: "PRECONDITION" });
  const { instance } = await staff.api.instances.register({ name: "short-lived" });
  await staff.api.instances.remove({ id: instance.id });
  await expect(staff.api.instances.get({ id: instance.id })).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect(staff.api.instances.register({ name: "watched" })).rejects.toMatchObject({
    code: "CONFLICT",
    fields: [{ path: "name" }],
  });
});

it("every write leaves a line in the trail, with who and from which request", async () => {
  await staff.api.instances.cordon({ id: host.instanceId });
  await staff.api.instances.cordon({ id: host.instanceId });
  const { items } = await staff.api.audit.list({ action: "instances.cordon" });
  expect(items).toHaveLength(1);
  expect(items[0]).toMatchObject({
    actorKind: "staff",
    actorName: "owner",
    targetId: host.instanceId,
    requestId: expect.any(String),
  });
  await staff.api.instances.uncordon({ id: host.instanceId });
  const firstPage = await staff.api.audit.list({ limit: 2 });
  const second = await staff.api.audit.list({ limit: 2, cursor: firstPage.nextCursor ?? "" });
  expect(new Set([...firstPage.items, ...second.items].map((item) => item.id)).size).toBe(4);
});

it("an exchange of keys that fails, or waits for longer than a day, is among the problems", async () => {
  const add = (kind: string, age: string, error: string | null, finished: string | null = null) => plane.database.owner`
    insert into rotations (id, kind, started_at, finished_at, steps, error) values (gen_random_uuid(), ${kind}, now() - ${age}::interval,
      ${finished}::timestamptz, ${plane.database.owner.json([{ name: "one", startedAt: "", detail: "Waits for Zitadel." }])}, ${error})`;
  await add("signing-keys", "1 minute", "The disk is full.");
  await add("webhook-secrets", "3 days", null);
  await add("encryption-key", "1 hour", null);
  await add("certificate-authority", "9 days", null, "2026-01-01");
  const { problems } = await staff.api.fleet.overview();
  expect(problems.filter(({ href }) => href === "/settings")).toEqual([
    {
      severity: "warning",
      title: "Exchange of webhook secrets waits for 3 days",
      detail: "Waits for Zitadel.",
      href: "/settings",
    },
    { severity: "warning", title: "Exchange of signing keys fails", detail: "The disk is full.", href: "/settings" },
  ]);
  await plane.database.owner`truncate rotations`;
});

it("changes of flags that failed, hosts that do not take theirs, and flags past their date are among the problems", async () => {
  const { owner } = plane.database;
  await owner`insert into flags (id, key, state, variants, default_variant, expires_at, updated_at) values
    (gen_random_uuid(), 'overdue', 'ENABLED', '{"on": true}', 'on', now() - interval '1 day', now() - interval '1 day'),
    (gen_random_uuid(), 'mended', 'ENABLED', '{"on": true}', 'on', null, now())`;
  const fail = (key: string, age: string) => owner`
    insert into flag_changes (id, flag_key, base_version, kind, proposal, needs_approval, state, reason, requested_by_name, finished_at)
    values (gen_random_uuid(), ${key}, 1, 'remove', '{}', false, 'failed', 'overdue is needed by other.', 'Ann', now() - ${age}::interval)`;
  await fail("overdue", "1 hour");
  await fail("mended", "1 hour");
  await fail("long-ago", "8 days");
  const placed = await owner`select id from tenants where instance_id = ${host.instanceId} limit 1`;
  await owner`insert into flag_deliveries (tenant_id, instance_id, revision, digest, error, acknowledged_at)
    values (${placed[0]?.id}, ${host.instanceId}, 1, ${"0".repeat(64)}, 'The document is damaged.', now())`;
  const { problems } = await staff.api.fleet.overview();
  expect(problems.slice(-3)).toEqual([
    {
      severity: "warning",
      title: "A change of the flag overdue could not be made",
      detail: "Ann asked for it. overdue is needed by other.",
      href: "/flags/changes?show=all&key=overdue",
    },
    {
      severity: "warning",
      title: "watched does not take the flags of a tenant",
      detail: "The document is damaged. It goes on with those that it has.",
      href: `/instances/${host.instanceId}`,
    },
    expect.objectContaining({ severity: "notice", title: "The flag overdue is past its date" }),
  ]);
  expect(problems.some(({ title }) => title.includes("mended") || title.includes("long-ago"))).toBe(false);
});
