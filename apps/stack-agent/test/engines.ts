/** The engines that the conformance suite runs on, each on a store of its own that goes with the test file. */
import type { EngineKind } from "@kombify/agent-contract";
import { createTestPocketBase, hasPocketBase } from "@kombify/embedded-pocketbase/testing";
import { v7 as uuid } from "uuid";
import { afterAll, beforeAll, describe } from "vitest";
import type { NamespaceDefinition } from "../src/engine/collections.ts";
import type { Engine, NamespaceStore } from "../src/engine/engine.ts";
import { openPocketBaseEngine } from "../src/engine/pocketbase/pocketbase-engine.ts";
import { openPostgresEngine } from "../src/engine/postgres/postgres-engine.ts";
import { createTestDatabase } from "./test-engine.ts";

type Store = { open(definition?: NamespaceDefinition): Promise<Engine>; drop(): Promise<void> };

const STORES: Record<EngineKind, () => Promise<Store>> = {
  postgres: async () => {
    const database = await createTestDatabase();
    return {
      open: (definition) => openPostgresEngine({ ...database, ...(definition ? { definition } : {}) }),
      drop: database.drop,
    };
  },
  pocketbase: async () => {
    const { url, superuser, drop } = await createTestPocketBase();
    return {
      open: (definition) =>
        openPocketBaseEngine({ login: { url, ...superuser }, ...(definition ? { definition } : {}) }),
      drop,
    };
  },
};

export type TestedEngine = {
  kind: EngineKind;
  /** The engine of this file. */
  readonly engine: Engine;
  /** A further engine on the same store, as another process would have it. */
  open(definition?: NamespaceDefinition): Promise<Engine>;
  /** A new namespace with nothing in it. */
  newStore(): Promise<NamespaceStore>;
  /** A slug that nobody has yet. */
  newSlug(): string;
};

/** Starts one engine for the tests of the `describe` that this is called in. */
export function useEngine(kind: EngineKind): TestedEngine {
  let store: Store;
  let engine: Engine;
  const opened: Engine[] = [];
  let count = 0;
  const open = async (definition?: NamespaceDefinition) => {
    const another = await store.open(definition);
    opened.push(another);
    return another;
  };
  beforeAll(async () => {
    store = await STORES[kind]();
    engine = await open();
  });
  afterAll(async () => {
    for (const one of opened) await one.close();
    await store?.drop();
  });
  const newSlug = () => `t${count++}x`;
  return {
    kind,
    get engine() {
      return engine;
    },
    open,
    newSlug,
    async newStore() {
      const slug = newSlug();
      await engine.createNamespace(slug);
      return engine.namespace({ id: uuid(), slug });
    },
  };
}

const NAMES: Record<EngineKind, string> = { postgres: "PostgreSQL", pocketbase: "PocketBase" };

/** A part of the conformance suite: the same tests, unchanged, on every engine. docs/engines.md lists them. */
export function onEveryEngine(what: string, tests: (tested: TestedEngine) => void): void {
  describe(`engine conformance: ${what}`, () => {
    for (const kind of ["postgres", "pocketbase"] as const)
      describe.skipIf(kind === "pocketbase" && !hasPocketBase)(NAMES[kind], () => tests(useEngine(kind)));
  });
}
