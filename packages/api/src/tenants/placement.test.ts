import { afterAll, beforeAll, expect, it } from "vitest";
import {
  callAs,
  createTestPlane,
  joinHost,
  signInStaff,
  signUpPerson,
  type TestAgent,
  type TestPlane,
} from "../testing.ts";
import { placeWaitingTenants } from "./create-tenant.ts";

let plane: TestPlane;
let staff: Awaited<ReturnType<typeof signInStaff>>;
const agents: TestAgent[] = [];
beforeAll(async () => {
  plane = await createTestPlane();
  staff = await signInStaff(plane);
});
afterAll(() => plane.close());

it("without any host a new tenant waits, says so, and is placed when a host joins", async () => {
  const ann = await signUpPerson(plane, "ann");
  expect(ann.tenant.status).toBe("waiting_for_capacity");
  const view = await ann.api.tenants.get({ slug: ann.tenant.slug });
  expect(view.waitingReason).toMatch(/full/);
  expect(view.steps.map((step) => step.state)).toEqual(["done", "active", "waiting", "waiting"]);
  const agent = await joinHost(plane, staff, "first", 1);
  const [job] = await plane.database.owner`select count(*)::int as n from graphile_worker._private_jobs`;
  expect(job?.n).toBe(1);
  await placeWaitingTenants(plane.admin.asSystem("test"));
  expect((await ann.api.tenants.get({ slug: ann.tenant.slug })).status).toBe("provisioning");
  await agent.applyAll();
  const ready = await ann.api.tenants.get({ slug: ann.tenant.slug });
  expect(ready.status).toBe("active");
  expect(ready.steps.map((step) => step.state)).toEqual(["done", "done", "done", "done"]);
});

it("200 registrations at once over 3 instances with 50 places each leave exactly 150 placed and 50 waiting", async () => {
  for (const name of ["one", "two", "three"]) agents.push(await joinHost(plane, staff, name, 50));
  const people = await Promise.all(Array.from({ length: 200 }, (_, index) => signUpPerson(plane, `p${index}`)));
  await Promise.all(agents.map((agent) => agent.applyAll()));
  const ids = people.map((person) => person.tenant.id);
  const rows = await plane.database
    .owner`select status, count(*)::int as n from tenants where id = any(${ids}) group by status order by status`;
  expect(rows).toEqual([
    { status: "active", n: 150 },
    { status: "waiting_for_capacity", n: 50 },
  ]);
  const places = await plane.database.owner`
    select i.places_used, i.capacity, (select count(*)::int from tenants t where t.instance_id = i.id) as tenants
    from instances i where i.name in ('one', 'two', 'three')`;
  for (const place of places) expect(place).toEqual({ places_used: 50, capacity: 50, tenants: 50 });
}, 60_000);

it("the database itself refuses a place too many", async () => {
  await expect(
    plane.database.owner`update instances set places_used = places_used + 1 where name = 'one'`,
  ).rejects.toMatchObject({ code: "23514" });
});

it("room that appears goes to those who have waited longest", async () => {
  const before = await plane.database
    .owner`select id from tenants where status = 'waiting_for_capacity' order by created_at, id limit 1`;
  await joinHost(plane, staff, "four", 1);
  expect(await placeWaitingTenants(plane.admin.asSystem("test"))).toBe(1);
  const [tenant] = await plane.database.owner`select status from tenants where id = ${before[0]!.id}`;
  expect(tenant?.status).toBe("provisioning");
});

it("a new tenant goes to the emptier instance, and never to a cordoned or silent one", async () => {
  const roomy = await joinHost(plane, staff, "five", 100);
  const small = await joinHost(plane, staff, "six", 100);
  await placeWaitingTenants(plane.admin.asSystem("test"));
  const used = await plane.database
    .owner`select name, places_used from instances where name in ('five', 'six') order by name`;
  expect(Math.abs(used[0]!.places_used - used[1]!.places_used)).toBeLessThanOrEqual(1);
  await staff.api.instances.cordon({ id: roomy.instanceId });
  const next = await signUpPerson(plane, "next");
  expect((await next.api.tenants.get({ slug: next.tenant.slug })).instance?.name).toBe("six");
  await plane.database
    .owner`update instance_reports set last_seen_at = now() - interval '46 seconds' where instance_id = ${small.instanceId}`;
  expect((await signUpPerson(plane, "later")).tenant.status).toBe("waiting_for_capacity");
});

it("a retried POST with the same Idempotency-Key makes one homelab, also when both arrive together", async () => {
  const ann = await signUpPerson(plane, "twice");
  const headers = { cookie: ann.cookie, "idempotency-key": "double-click" };
  const results = await Promise.all(
    Array.from({ length: 5 }, () => callAs(plane.cloud, headers).api.tenants.create({ name: "Second lab" })),
  );
  expect(new Set(results.map(({ tenant }) => tenant.id)).size).toBe(1);
  await expect(callAs(plane.cloud, headers).api.tenants.create({ name: "Something else" })).rejects.toMatchObject({
    code: "CONFLICT",
  });
  const [{ n } = { n: 0 }] = await plane.database
    .owner`select count(*)::int as n from memberships where user_id = ${ann.id}`;
  expect(n).toBe(2);
});
