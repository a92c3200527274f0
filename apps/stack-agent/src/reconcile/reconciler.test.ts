import { createLogger } from "@kombify/server";
import { v7 as uuid } from "uuid";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { desiredTenant } from "../../test/control-plane-double.ts";
import { createTestEngine, type TestEngine } from "../../test/test-engine.ts";
import { type Reconciler, startReconciler } from "./reconciler.ts";

const log = createLogger({ name: "test", level: "silent" });
const instanceId = uuid();
let db: TestEngine;
let reconciler: Reconciler;
let revision = 0;
beforeAll(async () => {
  db = await createTestEngine();
});
afterAll(() => db.drop());
beforeEach(async () => {
  reconciler = await startReconciler(db.engine, instanceId, log);
});
afterEach(() => reconciler.stop());

const publish = async (changes: object, to = instanceId) => {
  revision += 1;
  const fixed = {
    schemaVersion: 1 as const,
    generatedAt: new Date().toISOString(),
    portalOrigin: "http://localhost:3000",
  };
  await reconciler.accept({
    ...fixed,
    instanceId: to,
    revision,
    assertionKeys: [],
    tenants: [],
    tombstones: [],
    ...changes,
  });
};
const applied = () => expect.poll(() => reconciler.state().appliedRevision, { timeout: 10_000 }).toBe(revision);
const stateOf = (tenantId: string) => reconciler.state().tenants.find((tenant) => tenant.tenantId === tenantId);

test("a tenant that cannot be applied stops nobody else, and is applied once it can be", async () => {
  const [good, bad] = [desiredTenant(), desiredTenant()];
  // Somebody's leftovers in the way of one of its tables.
  await db.admin.unsafe(`create table stack.nodes_${bad.slug} (id int)`);
  await publish({ tenants: [bad, good] });
  await expect.poll(() => stateOf(good.tenantId)?.state).toBe("ready");
  await expect.poll(() => stateOf(bad.tenantId)?.state).toBe("failed");
  expect(stateOf(bad.tenantId)?.error).toContain(`nodes_${bad.slug}`);
  expect(reconciler.state().appliedRevision).toBeLessThan(revision);
  await db.admin.unsafe(`drop table stack.nodes_${bad.slug}`);
  await applied();
  expect(stateOf(bad.tenantId)).toEqual({
    tenantId: bad.tenantId,
    generation: 1,
    state: "ready",
    namespaceVersion: db.engine.namespaceVersion,
  });
});

test("an older generation is refused and touches nothing", async () => {
  const tenant = desiredTenant({ generation: 2 });
  await publish({ tenants: [tenant] });
  await applied();
  await publish({ tenants: [{ ...tenant, generation: 1, state: "suspended" }] });
  await expect.poll(() => stateOf(tenant.tenantId)?.state).toBe("failed");
  expect(await db.engine.shared.findTenant(tenant.slug)).toMatchObject({ state: "ready", generation: 2 });
});

test("a tombstone removes the namespace; without one it stays as an orphan", async () => {
  const tenant = desiredTenant();
  await publish({ tenants: [tenant] });
  await applied();
  await publish({});
  await applied();
  expect(reconciler.state().orphans).toContain(tenant.slug);
  await publish({ tombstones: [{ tenantId: tenant.tenantId, slug: tenant.slug, generation: 1 }] });
  await applied();
  expect(stateOf(tenant.tenantId)?.state).toBe("removed");
  expect(reconciler.state().orphans).not.toContain(tenant.slug);
  expect(await db.engine.listNamespaces()).not.toContain(tenant.slug);
  expect(await db.engine.shared.findTenant(tenant.slug)).toBeNull();
});

test("a document for another instance is refused", async () => {
  await expect(publish({}, uuid())).rejects.toMatchObject({ code: "INVALID" });
  revision -= 1;
});

test("after a restart the last document is there and is applied again, without the control plane", async () => {
  const tenant = desiredTenant();
  await publish({ tenants: [tenant] });
  await applied();
  await reconciler.stop();
  await db.engine.dropNamespace(tenant.slug);
  await db.engine.shared.saveTenant(tenant, "creating");
  reconciler = await startReconciler(db.engine, instanceId, log);
  expect(stateOf(tenant.tenantId)?.state, "known from the first report on").toBe("creating");
  await expect.poll(() => stateOf(tenant.tenantId)?.state).toBe("ready");
  expect(await db.engine.listNamespaces()).toContain(tenant.slug);
});

test("a hundred documents in a row end with the last one applied", async () => {
  const tenant = desiredTenant();
  for (let i = 0; i < 100; i++) await publish({ tenants: [{ ...tenant, name: `Name ${i}` }] });
  await applied();
  expect(await db.engine.shared.findTenant(tenant.slug)).toMatchObject({ name: "Name 99" });
});
