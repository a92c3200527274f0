import { setTimeout as delay, setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { desiredTenant } from "../../test/control-plane-double.ts";
import { type Tenant, until, upgraded, useUpgrades } from "../../test/upgrades.ts";
import { CURRENT_DEFINITION } from "../engine/collections.ts";

const TO = CURRENT_DEFINITION.version;
const host = useUpgrades();

test("namespaces are upgraded strictly one after the other, and the report counts them", async () => {
  const tenants = await host.olderTenants(5);
  let running = 0;
  let most = 0;
  host.before = async () => {
    most = Math.max(most, ++running);
    await delay(5);
    running -= 1;
  };
  await host.start();
  await host.publish(tenants);
  await host.finished();
  expect(most).toBe(1);
  expect(host.done.filter((step) => step.startsWith("upgrade")).sort()).toEqual(upgraded(tenants).sort());
  expect(host.reconciler.state().upgrade).toMatchObject({ toVersion: TO, total: 5, done: 5, quarantined: 0 });
  for (const tenant of tenants) expect(host.stateOf(tenant)).toMatchObject({ state: "ready", namespaceVersion: TO });
});

test("an agent that stops in the middle goes on later with those that are left", async () => {
  const tenants = await host.olderTenants(3);
  const { open, reached } = host.gate();
  await host.start();
  await host.publish(tenants);
  await reached();
  const stopped = host.reconciler.stop();
  open();
  await stopped;
  expect(host.done.filter((step) => step.startsWith("upgrade"))).toHaveLength(1);
  await host.start();
  await host.finished();
  expect(host.done.filter((step) => step.startsWith("upgrade")).sort()).toEqual(upgraded(tenants).sort());
  expect(host.reconciler.state().upgrade).toMatchObject({ total: 2, done: 2 });
});

test("a new tenant does not wait behind the upgrades of others, and who is waited for is next", async () => {
  const tenants = await host.olderTenants(4);
  const newcomer = desiredTenant();
  const { open, reached } = host.gate();
  await host.start();
  await host.publish(tenants);
  await reached();
  const bySlug = tenants.toSorted((a, b) => a.slug.localeCompare(b.slug));
  const [first, last] = [bySlug[0]?.slug, bySlug.at(-1)!];
  await host.publish([...tenants, newcomer]);
  await setImmediate();
  host.reconciler.hurry(last.tenantId);
  open();
  await host.finished();
  const order = host.done.filter((step) => !step.startsWith("begin"));
  expect(order.slice(0, 3)).toEqual([`upgrade ${first}`, `create ${newcomer.slug}`, `upgrade ${last.slug}`]);
});

test("a namespace of a newer version is refused with words, and untouched", async () => {
  const [newer] = (await host.currentTenants(1)) as [Tenant];
  const [older] = (await host.olderTenants(1)) as [Tenant];
  await host.admin`update stack._tenants set namespace_version = ${TO + 1} where slug = ${newer.slug}`;
  await host.dropNameIndex(newer);
  await host.start();
  await host.publish([newer, older]);
  await until(() => host.stateOf(newer)?.state).toBe("failed");
  expect(host.stateOf(newer)?.error).toContain("Start a newer agent");
  await host.finished();
  expect(host.done).toEqual([`begin ${older.slug}`, `upgrade ${older.slug}`]);
  expect(await host.rowOf(newer)).toMatchObject({ state: "ready", namespaceVersion: TO + 1 });
  expect(await host.hasNameIndex(newer)).toBe(false);
});

test("a tenant that no document names is upgraded too, also before there is a document", async () => {
  const [local] = (await host.olderTenants(1)) as [Tenant];
  await host.start();
  await until(async () => (await host.rowOf(local))?.namespaceVersion).toBe(TO);
  expect(host.reconciler.state().tenants).toEqual([]);
});

test("a tenant that is removed while it waits is not upgraded", async () => {
  const tenants = await host.olderTenants(2);
  const { open, reached } = host.gate();
  await host.start();
  await host.publish(tenants);
  await reached();
  const waiting = tenants.find(({ slug }) => host.done[0] !== `begin ${slug}`)!;
  const { tenantId, slug, generation } = waiting;
  const others = tenants.filter((each) => each !== waiting);
  await host.publish(others, { tombstones: [{ tenantId, slug, generation }] });
  await setImmediate();
  open();
  await until(() => host.stateOf(waiting)?.state).toBe("removed");
  await host.finished();
  expect(host.done).not.toContain(`begin ${slug}`);
});
