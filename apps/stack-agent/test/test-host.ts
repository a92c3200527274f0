/** A home with engines on databases of their own, opened and reopened as by one process after another. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DesiredTenant, EngineKind } from "@kombify/agent-contract";
import { createLogger } from "@kombify/server";
import { v7 as uuid } from "uuid";
import type { Engine } from "../src/engine/engine.ts";
import { openPostgresEngine } from "../src/engine/postgres/postgres-engine.ts";
import type { NamespaceTransfer } from "../src/engine/transfer.ts";
import { type Host, openHost } from "../src/operate/host.ts";
import { desiredTenant } from "./control-plane-double.ts";
import { newNode, newStack, newTestJob } from "./records.ts";
import { createTestDatabase, type TestDatabase } from "./test-engine.ts";

export type TestHost = {
  readonly host: Host;
  readonly databases: Record<EngineKind, TestDatabase>;
  home: string;
  /** Closes and opens again, as after the end of the process. */
  reopen(): Promise<Host>;
  /** A tenant that is placed here, open and empty. */
  newTenant(): Promise<DesiredTenant>;
  drop(): Promise<void>;
};

const log = createLogger({ name: "test", level: process.env.TEST_LOG_LEVEL ?? "silent" });

/** Both of its engines are PostgreSQL; the one that is called PocketBase shows that a host can tell them apart. */
export async function createTestHost(): Promise<TestHost> {
  const [postgres, pocketbase, home] = await Promise.all([
    createTestDatabase(),
    createTestDatabase(),
    mkdtemp(join(tmpdir(), "kombify-host-")),
  ]);
  const databases = { postgres, pocketbase };
  const open = async (kind: EngineKind): Promise<Engine> => ({ ...(await openPostgresEngine(databases[kind])), kind });
  const stops: Array<() => Promise<void>> = [];
  const close = async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  const start = () =>
    openHost(
      { home, instanceId: uuid(), joinedWith: "pocketbase", asked: undefined, open, log },
      (stop) => void stops.push(stop),
    );
  let host = await start();
  return {
    get host() {
      return host;
    },
    databases,
    home,
    async reopen() {
      await close();
      host = await start();
      return host;
    },
    async newTenant() {
      const tenant = desiredTenant();
      const { engine } = host.gate;
      await engine.shared.saveTenant(tenant, "creating");
      await engine.createNamespace(tenant.slug);
      await engine.shared.setTenantState(tenant.tenantId, "ready", null);
      return tenant;
    },
    drop: async () => {
      await close();
      await Promise.all([postgres.drop(), pocketbase.drop()]);
      await rm(home, { recursive: true });
    },
  };
}

/** Fills a namespace: `stacks` stacks with nodes, one job and one file each. */
export async function furnish(engine: Engine, slug: string, { stacks = 3, nodesEach = 4 } = {}): Promise<void> {
  const store = engine.namespace({ id: uuid(), slug });
  const transfer: NamespaceTransfer = engine.transfer(slug);
  for (let i = 0; i < stacks; i++) {
    const stack = newStack({ name: `stack ${i}` });
    await store.write([
      { kind: "create", collection: "stacks", record: stack },
      ...Array.from(
        { length: nodesEach },
        (_, n) => ({ kind: "create", collection: "nodes", record: newNode(stack.id, { name: `node ${n}` }) }) as const,
      ),
      { kind: "create", collection: "jobs", record: newTestJob({ stackId: stack.id, state: "completed" }) },
    ]);
    const plan = { collection: "stacks", recordId: stack.id, field: "plan", name: "plan.bin" } as const;
    await transfer.putFile(plan, Buffer.alloc(1000 * i, i));
  }
}
