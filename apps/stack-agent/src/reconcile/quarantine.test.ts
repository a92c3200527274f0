import { ServiceError } from "@kombify/agent-contract";
import { expect, test } from "vitest";
import { newStack } from "../../test/records.ts";
import { type Tenant, until, useUpgrades } from "../../test/upgrades.ts";
import { CURRENT_DEFINITION } from "../engine/collections.ts";

const TO = CURRENT_DEFINITION.version;
const host = useUpgrades();

test("a failed upgrade quarantines its tenant, everybody else goes on, and the revision counts as applied", async () => {
  const tenants = await host.olderTenants(4);
  const broken = tenants[1]!;
  host.failFor(broken);
  await host.start();
  await host.publish(tenants);
  await host.finished();
  await until(() => host.reconciler.state().appliedRevision).toBe(host.revision);
  expect(host.stateOf(broken)).toMatchObject({
    state: "quarantined",
    error: "duplicate key in stacks",
    namespaceVersion: 1,
  });
  expect(await host.rowOf(broken)).toMatchObject({ state: "quarantined", error: "duplicate key in stacks" });
  expect(host.reconciler.state().upgrade).toMatchObject({ total: 4, done: 3, quarantined: 1 });
  expect(host.reconciler.quarantined()).toEqual([broken.slug]);
  for (const tenant of tenants.filter((each) => each !== broken))
    expect(await host.rowOf(tenant)).toMatchObject({ state: "ready", namespaceVersion: TO });
});

test("a quarantined tenant waits before it is tried again, longer each time, and opens when it is sound", async () => {
  const [broken] = (await host.olderTenants(1)) as [Tenant];
  host.failFor(broken);
  await host.start({}, [100, 300, 60_000]);
  await host.publish([broken]);
  await until(() => host.done.length).toBe(3);
  const [other] = (await host.olderTenants(1)) as [Tenant];
  await host.publish([{ ...broken, name: "Renamed" }, other]);
  await until(() => host.done).toContain(`upgrade ${other.slug}`);
  const tries = host.done.filter((step) => step === `begin ${broken.slug}`);
  expect(tries, "the fourth try is a minute away, whatever the document says").toHaveLength(3);
  expect(await host.rowOf(broken)).toMatchObject({
    name: "Renamed",
    state: "quarantined",
    error: "duplicate key in stacks",
  });
  await host.reconciler.stop();
  host.before = async () => undefined;
  const opened: string[] = [];
  (await host.start()).onOpen(({ slug }) => opened.push(slug));
  await until(() => host.stateOf(broken)?.state).toBe("ready");
  expect(opened, "at once after a restart").toContain(broken.slug);
  expect(host.stateOf(broken)).not.toHaveProperty("error");
  expect(host.reconciler.quarantined()).toEqual([]);
});

test("a suspended tenant stays suspended through quarantine and repair", async () => {
  const [tenant] = (await host.olderTenants(1)) as [Tenant];
  const suspended = { ...tenant, state: "suspended" as const };
  let tries = 0;
  host.before = async () => {
    if (++tries === 1) throw new Error("not the first time");
  };
  await host.start({}, [50]);
  await host.publish([suspended]);
  await until(() => host.stateOf(suspended)).toMatchObject({ state: "suspended", namespaceVersion: TO });
  expect(tries).toBe(2);
  expect(await host.rowOf(suspended)).toMatchObject({ state: "suspended", error: null });
});

test("an engine that does not answer puts nobody under quarantine", async () => {
  const tenants = await host.olderTenants(2);
  let isAway = true;
  host.before = async () => {
    if (isAway) throw new Error("connection lost");
  };
  const check = async () => {
    if (isAway) throw new Error("connection lost");
  };
  await host.start({ check });
  await host.publish(tenants);
  await until(() => host.done.length).toBeGreaterThan(1);
  expect(host.reconciler.quarantined()).toEqual([]);
  isAway = false;
  await host.finished();
  expect(host.reconciler.state().upgrade).toMatchObject({ done: 2, quarantined: 0 });
});

test("what was changed by hand is mended at boot, and what the records do not allow is quarantined until they do", async () => {
  const tenants = (await host.currentTenants(3)) as [Tenant, Tenant, Tenant];
  const [sound, changed, broken] = tenants;
  for (const tenant of [changed, broken]) await host.dropNameIndex(tenant);
  const [kept, twin] = [newStack({ name: "nas" }), newStack({ name: "NAS" })];
  const store = host.engine.namespace({ id: broken.tenantId, slug: broken.slug });
  await store.write([
    { kind: "create", collection: "stacks", record: kept },
    { kind: "create", collection: "stacks", record: twin },
  ]);
  await host.start();
  await host.publish(tenants);
  await until(() => host.stateOf(broken)?.state).toBe("quarantined");
  await until(() => host.done).toContain(`upgrade ${changed.slug}`);
  expect(host.stateOf(broken)?.error).toContain("Change them first");
  expect(host.stateOf(changed)?.state).toBe("ready");
  expect(await host.hasNameIndex(changed)).toBe(true);
  expect(host.done).not.toContain(`begin ${sound.slug}`);
  expect(host.reconciler.state(), "mending is no upgrade").not.toHaveProperty("upgrade");
  await store.write([{ kind: "remove", collection: "stacks", id: twin.id }]);
  await host.reconciler.stop();
  await host.start();
  await until(() => host.stateOf(broken)?.state).toBe("ready");
  expect(await host.hasNameIndex(broken)).toBe(true);
});

test("records that are in use put nobody under quarantine: it is tried again later", async () => {
  const [busy] = (await host.currentTenants(1)) as [Tenant];
  await host.dropNameIndex(busy);
  const states: unknown[] = [];
  host.before = async () => {
    states.push((await host.rowOf(busy))?.state);
    if (states.length < 3) throw new ServiceError("PRECONDITION", "In use.", { retryAfterSeconds: 0.05 });
  };
  await host.start({}, [50]);
  await host.publish([busy]);
  await until(() => host.done).toContain(`upgrade ${busy.slug}`);
  expect(states).toEqual(["ready", "ready", "ready"]);
});
