import { setTimeout as delay, setImmediate } from "node:timers/promises";
import { ServiceError } from "@kombify/agent-contract";
import { createLogger } from "@kombify/server";
import postgres, { type Sql } from "postgres";
import { v7 as uuid } from "uuid";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { desiredTenant } from "../../test/control-plane-double.ts";
import { newStack } from "../../test/records.ts";
import { createTestEngine, type TestEngine } from "../../test/test-engine.ts";
import { createVersionOne } from "../../test/version-one.ts";
import { CURRENT_DEFINITION } from "../engine/collections.ts";
import type { Engine } from "../engine/engine.ts";
import { type Reconciler, startReconciler } from "./reconciler.ts";

const log = createLogger({ name: "test", level: "silent" });
const TO = CURRENT_DEFINITION.version;
let db: TestEngine;
let reconciler: Reconciler | undefined;
/** A new one for each test, so that it begins without a document. */
let instanceId: string;
let revision = 0;
/** What was done to namespaces, in order. */
let done: string[] = [];
/** What an upgrade does before it succeeds. */
let before: (slug: string) => Promise<void>;
let login: Sql;

beforeAll(async () => {
  db = await createTestEngine();
  login = postgres(db.url, { max: 1, onnotice: () => undefined });
});
afterAll(async () => {
  await login.end();
  await db.drop();
});
beforeEach(() => {
  instanceId = uuid();
  done = [];
  before = async () => undefined;
});
afterEach(async () => {
  await reconciler?.stop();
  for (const slug of await db.engine.listNamespaces()) await db.engine.dropNamespace(slug);
});

/** The real engine, with upgrades that a test can hold and fail. */
const engine = (): Engine => ({
  ...db.engine,
  createNamespace: async (slug) => {
    await db.engine.createNamespace(slug);
    done.push(`create ${slug}`);
  },
  upgradeNamespace: async (slug) => {
    done.push(`begin ${slug}`);
    await before(slug);
    await db.engine.upgradeNamespace(slug);
    done.push(`upgrade ${slug}`);
  },
});
const start = async (changes: Partial<Engine> = {}, retryDelaysMs = [60_000]) => {
  reconciler = await startReconciler({ ...engine(), ...changes }, instanceId, log, { retryDelaysMs });
  return reconciler;
};
type Tenant = ReturnType<typeof desiredTenant>;
const publish = async (tenants: Tenant[], changes: object = {}) => {
  revision += 1;
  await reconciler?.accept({
    schemaVersion: 1,
    generatedAt: new Date().toISOString(),
    portalOrigin: "http://localhost:3000",
    instanceId,
    revision,
    assertionKeys: [],
    tenants,
    tombstones: [],
    ...changes,
  });
};
/** Tenants with namespaces as the first release made them. */
const olderTenants = async (count: number): Promise<Tenant[]> => {
  const tenants = Array.from({ length: count }, () => desiredTenant());
  for (const tenant of tenants) {
    await createVersionOne(login, tenant.slug, db.rolePrefix);
    await db.admin`update stack._tenants set id = ${tenant.tenantId} where slug = ${tenant.slug}`;
    await db.engine.shared.saveTenant(tenant, "ready");
  }
  return tenants;
};
const currentTenants = async (count: number): Promise<Tenant[]> => {
  const tenants = Array.from({ length: count }, () => desiredTenant());
  for (const tenant of tenants) {
    await db.engine.shared.saveTenant(tenant, "ready");
    await db.engine.createNamespace(tenant.slug);
  }
  return tenants;
};
const dropNameIndex = ({ slug }: Tenant) => db.admin.unsafe(`drop index stack.stacks_${slug}_name`);
const hasNameIndex = async ({ slug }: Tenant) =>
  (await db.admin`select to_regclass(${`stack.stacks_${slug}_name`}) is not null as yes`)[0]?.yes;
const stateOf = ({ tenantId }: Tenant) => reconciler?.state().tenants.find((tenant) => tenant.tenantId === tenantId);
const rowOf = ({ slug }: Tenant) => db.engine.shared.findTenant(slug);
const upgraded = (tenants: Tenant[]) => tenants.map(({ slug }) => `upgrade ${slug}`);
const until = (value: () => unknown) => expect.poll(value, { timeout: 10_000 });
const finished = () => until(() => reconciler?.state().upgrade?.finishedAt).toBeDefined();
const failFor = (broken: Tenant) => async (slug: string) => {
  if (slug === broken.slug) throw new Error("duplicate key in stacks");
};
/** Holds the first upgrade until it is let go. */
const gate = () => {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  before = () => opened;
  return { open, reached: () => until(() => done.length).toBeGreaterThan(0) };
};

test("namespaces are upgraded strictly one after the other, and the report counts them", async () => {
  const tenants = await olderTenants(5);
  let running = 0;
  let most = 0;
  before = async () => {
    most = Math.max(most, ++running);
    await delay(5);
    running -= 1;
  };
  await start();
  await publish(tenants);
  await finished();
  expect(most).toBe(1);
  expect(done.filter((step) => step.startsWith("upgrade")).sort()).toEqual(upgraded(tenants).sort());
  expect(reconciler?.state().upgrade).toMatchObject({ toVersion: TO, total: 5, done: 5, quarantined: 0 });
  for (const tenant of tenants) expect(stateOf(tenant)).toMatchObject({ state: "ready", namespaceVersion: TO });
});

test("a failed upgrade quarantines its tenant, everybody else goes on, and the revision counts as applied", async () => {
  const tenants = await olderTenants(4);
  const broken = tenants[1]!;
  before = failFor(broken);
  await start();
  await publish(tenants);
  await finished();
  await until(() => reconciler?.state().appliedRevision).toBe(revision);
  expect(stateOf(broken)).toMatchObject({
    state: "quarantined",
    error: "duplicate key in stacks",
    namespaceVersion: 1,
  });
  expect(await rowOf(broken)).toMatchObject({ state: "quarantined", error: "duplicate key in stacks" });
  expect(reconciler?.state().upgrade).toMatchObject({ total: 4, done: 3, quarantined: 1 });
  expect(reconciler?.quarantined()).toEqual([broken.slug]);
  for (const tenant of tenants.filter((each) => each !== broken))
    expect(await rowOf(tenant)).toMatchObject({ state: "ready", namespaceVersion: TO });
});

test("a quarantined tenant waits before it is tried again, longer each time, and opens when it is sound", async () => {
  const [broken] = (await olderTenants(1)) as [Tenant];
  before = failFor(broken);
  await start({}, [100, 300, 60_000]);
  await publish([broken]);
  await until(() => done.length).toBe(3);
  const [other] = (await olderTenants(1)) as [Tenant];
  await publish([{ ...broken, name: "Renamed" }, other]);
  await until(() => done).toContain(`upgrade ${other.slug}`);
  const tries = done.filter((step) => step === `begin ${broken.slug}`);
  expect(tries, "the fourth try is a minute away, whatever the document says").toHaveLength(3);
  expect(await rowOf(broken)).toMatchObject({
    name: "Renamed",
    state: "quarantined",
    error: "duplicate key in stacks",
  });
  await reconciler?.stop();
  before = async () => undefined;
  const opened: string[] = [];
  (await start()).onOpen(({ slug }) => opened.push(slug));
  await until(() => stateOf(broken)?.state).toBe("ready");
  expect(opened, "at once after a restart").toContain(broken.slug);
  expect(stateOf(broken)).not.toHaveProperty("error");
  expect(reconciler?.quarantined()).toEqual([]);
});

test("an agent that stops in the middle goes on later with those that are left", async () => {
  const tenants = await olderTenants(3);
  const { open, reached } = gate();
  await start();
  await publish(tenants);
  await reached();
  const stopped = reconciler?.stop();
  open();
  await stopped;
  expect(done.filter((step) => step.startsWith("upgrade"))).toHaveLength(1);
  await start();
  await finished();
  expect(done.filter((step) => step.startsWith("upgrade")).sort()).toEqual(upgraded(tenants).sort());
  expect(reconciler?.state().upgrade).toMatchObject({ total: 2, done: 2 });
});

test("a new tenant does not wait behind the upgrades of others, and who is waited for is next", async () => {
  const tenants = await olderTenants(4);
  const newcomer = desiredTenant();
  const { open, reached } = gate();
  await start();
  await publish(tenants);
  await reached();
  const bySlug = tenants.toSorted((a, b) => a.slug.localeCompare(b.slug));
  const [first, last] = [bySlug[0]?.slug, bySlug.at(-1)!];
  await publish([...tenants, newcomer]);
  await setImmediate();
  reconciler?.hurry(last.tenantId);
  open();
  await finished();
  const order = done.filter((step) => !step.startsWith("begin"));
  expect(order.slice(0, 3)).toEqual([`upgrade ${first}`, `create ${newcomer.slug}`, `upgrade ${last.slug}`]);
});

test("a namespace of a newer version is refused with words, and untouched", async () => {
  const [newer] = (await currentTenants(1)) as [Tenant];
  const [older] = (await olderTenants(1)) as [Tenant];
  await db.admin`update stack._tenants set namespace_version = ${TO + 1} where slug = ${newer.slug}`;
  await dropNameIndex(newer);
  await start();
  await publish([newer, older]);
  await until(() => stateOf(newer)?.state).toBe("failed");
  expect(stateOf(newer)?.error).toContain("Start a newer agent");
  await finished();
  expect(done).toEqual([`begin ${older.slug}`, `upgrade ${older.slug}`]);
  expect(await rowOf(newer)).toMatchObject({ state: "ready", namespaceVersion: TO + 1 });
  expect(await hasNameIndex(newer)).toBe(false);
});

test("a tenant that no document names is upgraded too, also before there is a document", async () => {
  const [local] = (await olderTenants(1)) as [Tenant];
  await start();
  await until(async () => (await rowOf(local))?.namespaceVersion).toBe(TO);
  expect(reconciler?.state().tenants).toEqual([]);
});

test("a suspended tenant stays suspended through quarantine and repair", async () => {
  const [tenant] = (await olderTenants(1)) as [Tenant];
  const suspended = { ...tenant, state: "suspended" as const };
  let tries = 0;
  before = async () => {
    if (++tries === 1) throw new Error("not the first time");
  };
  await start({}, [50]);
  await publish([suspended]);
  await until(() => stateOf(suspended)).toMatchObject({ state: "suspended", namespaceVersion: TO });
  expect(tries).toBe(2);
  expect(await rowOf(suspended)).toMatchObject({ state: "suspended", error: null });
});

test("an engine that does not answer puts nobody under quarantine", async () => {
  const tenants = await olderTenants(2);
  let isAway = true;
  before = async () => {
    if (isAway) throw new Error("connection lost");
  };
  const check = async () => {
    if (isAway) throw new Error("connection lost");
  };
  await start({ check });
  await publish(tenants);
  await until(() => done.length).toBeGreaterThan(1);
  expect(reconciler?.quarantined()).toEqual([]);
  isAway = false;
  await finished();
  expect(reconciler?.state().upgrade).toMatchObject({ done: 2, quarantined: 0 });
});

test("what was changed by hand is mended at boot, and what the records do not allow is quarantined until they do", async () => {
  const tenants = (await currentTenants(3)) as [Tenant, Tenant, Tenant];
  const [sound, changed, broken] = tenants;
  for (const tenant of [changed, broken]) await dropNameIndex(tenant);
  const [kept, twin] = [newStack({ name: "nas" }), newStack({ name: "NAS" })];
  const store = db.engine.namespace({ id: broken.tenantId, slug: broken.slug });
  await store.write([
    { kind: "create", collection: "stacks", record: kept },
    { kind: "create", collection: "stacks", record: twin },
  ]);
  await start();
  await publish(tenants);
  await until(() => stateOf(broken)?.state).toBe("quarantined");
  await until(() => done).toContain(`upgrade ${changed.slug}`);
  expect(stateOf(broken)?.error).toContain("Change them first");
  expect(stateOf(changed)?.state).toBe("ready");
  expect(await hasNameIndex(changed)).toBe(true);
  expect(done).not.toContain(`begin ${sound.slug}`);
  expect(reconciler?.state(), "mending is no upgrade").not.toHaveProperty("upgrade");
  await store.write([{ kind: "remove", collection: "stacks", id: twin.id }]);
  await reconciler?.stop();
  await start();
  await until(() => stateOf(broken)?.state).toBe("ready");
  expect(await hasNameIndex(broken)).toBe(true);
});

test("records that are in use put nobody under quarantine: it is tried again later", async () => {
  const [busy] = (await currentTenants(1)) as [Tenant];
  await dropNameIndex(busy);
  const states: unknown[] = [];
  before = async () => {
    states.push((await rowOf(busy))?.state);
    if (states.length < 3) throw new ServiceError("PRECONDITION", "In use.", { retryAfterSeconds: 0.05 });
  };
  await start({}, [50]);
  await publish([busy]);
  await until(() => done).toContain(`upgrade ${busy.slug}`);
  expect(states).toEqual(["ready", "ready", "ready"]);
});

test("a tenant that is removed while it waits is not upgraded", async () => {
  const tenants = await olderTenants(2);
  const { open, reached } = gate();
  await start();
  await publish(tenants);
  await reached();
  const waiting = tenants.find(({ slug }) => done[0] !== `begin ${slug}`)!;
  const { tenantId, slug, generation } = waiting;
  const others = tenants.filter((each) => each !== waiting);
  await publish(others, { tombstones: [{ tenantId, slug, generation }] });
  await setImmediate();
  open();
  await until(() => stateOf(waiting)?.state).toBe("removed");
  await finished();
  expect(done).not.toContain(`begin ${slug}`);
});
