/** A reconciler on real namespaces of a host, whose upgrades a test can hold and fail. */
import { createLogger } from "@kombify/server";
import postgres, { type Sql } from "postgres";
import { v7 as uuid } from "uuid";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import type { Engine } from "../src/engine/engine.ts";
import { type Reconciler, startReconciler } from "../src/reconcile/reconciler.ts";
import { desiredTenant } from "./control-plane-double.ts";
import { createTestEngine, type TestEngine } from "./test-engine.ts";
import { createVersionOne } from "./version-one.ts";

export type Tenant = ReturnType<typeof desiredTenant>;

const log = createLogger({ name: "test", level: "silent" });

export const until = (value: () => unknown) => expect.poll(value, { timeout: 10_000 });
export const upgraded = (tenants: Tenant[]) => tenants.map(({ slug }) => `upgrade ${slug}`);

/** To be called once at the top of a test file. */
export function useUpgrades() {
  let db: TestEngine;
  let login: Sql;
  let reconciler: Reconciler;
  /** A new one for each test, so that it begins without a document. */
  let instanceId: string;
  let revision = 0;
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
    host.done = [];
    host.before = async () => undefined;
  });
  afterEach(async () => {
    await reconciler.stop();
    for (const slug of await db.engine.listNamespaces()) await db.engine.dropNamespace(slug);
  });

  const engine = (): Engine => ({
    ...db.engine,
    createNamespace: async (slug) => {
      await db.engine.createNamespace(slug);
      host.done.push(`create ${slug}`);
    },
    upgradeNamespace: async (slug) => {
      host.done.push(`begin ${slug}`);
      await host.before(slug);
      await db.engine.upgradeNamespace(slug);
      host.done.push(`upgrade ${slug}`);
    },
  });

  const host = {
    /** What was done to namespaces, in order. */
    done: [] as string[],
    /** What an upgrade does before it is carried out. */
    before: async (_slug: string): Promise<void> => undefined,
    get admin() {
      return db.admin;
    },
    get engine() {
      return db.engine;
    },
    get reconciler() {
      return reconciler;
    },
    get revision() {
      return revision;
    },
    async start(changes: Partial<Engine> = {}, retryDelaysMs = [60_000]): Promise<Reconciler> {
      reconciler = await startReconciler({ ...engine(), ...changes }, instanceId, log, { retryDelaysMs });
      return reconciler;
    },
    async publish(tenants: Tenant[], changes: object = {}): Promise<void> {
      revision += 1;
      await reconciler.accept({
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
    },
    /** Tenants with namespaces as the first release made them. */
    async olderTenants(count: number): Promise<Tenant[]> {
      const tenants = Array.from({ length: count }, () => desiredTenant());
      for (const tenant of tenants) {
        await createVersionOne(login, tenant.slug, db.rolePrefix);
        await db.admin`update stack._tenants set id = ${tenant.tenantId} where slug = ${tenant.slug}`;
        await db.engine.shared.saveTenant(tenant, "ready");
      }
      return tenants;
    },
    async currentTenants(count: number): Promise<Tenant[]> {
      const tenants = Array.from({ length: count }, () => desiredTenant());
      for (const tenant of tenants) {
        await db.engine.shared.saveTenant(tenant, "ready");
        await db.engine.createNamespace(tenant.slug);
      }
      return tenants;
    },
    stateOf: ({ tenantId }: Tenant) => reconciler.state().tenants.find((tenant) => tenant.tenantId === tenantId),
    rowOf: ({ slug }: Tenant) => db.engine.shared.findTenant(slug),
    finished: () => until(() => reconciler.state().upgrade?.finishedAt).toBeDefined(),
    /** Lets the upgrade of one tenant fail. */
    failFor(broken: Tenant): void {
      host.before = async (slug) => {
        if (slug === broken.slug) throw new Error("duplicate key in stacks");
      };
    },
    /** Holds the first upgrade until it is let go. */
    gate() {
      const { promise: opened, resolve: open } = Promise.withResolvers<void>();
      host.before = () => opened;
      return { open, reached: () => until(() => host.done.length).toBeGreaterThan(0) };
    },
    dropNameIndex: ({ slug }: Tenant) => db.admin.unsafe(`drop index stack.stacks_${slug}_name`),
    hasNameIndex: async ({ slug }: Tenant) =>
      (await db.admin`select to_regclass(${`stack.stacks_${slug}_name`}) is not null as yes`)[0]?.yes,
  };
  return host;
}
