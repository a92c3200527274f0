import { createLogger } from "@kombify/server";
import { v7 as uuid } from "uuid";
import { expect, test } from "vitest";
import { desiredTenant } from "../../test/control-plane-double.ts";
import { onEveryEngine } from "../../test/engines.ts";
import { until } from "../../test/upgrades.ts";
import { CURRENT_DEFINITION, type NamespaceDefinition } from "../engine/collections.ts";
import type { Engine } from "../engine/engine.ts";
import { startReconciler } from "./reconciler.ts";

const { version, collections } = CURRENT_DEFINITION;
const rack = { column: "rack", type: "text", isNullable: true } as const;
const NEWER: NamespaceDefinition = {
  version: version + 1,
  collections: { ...collections, nodes: { ...collections.nodes, fields: { ...collections.nodes.fields, rack } } },
};

onEveryEngine("upgrades of a host", (tested) => {
  const instanceId = uuid();
  const start = (engine: Engine) =>
    startReconciler(engine, instanceId, createLogger({ name: "test", level: "silent" }));

  test("a newer agent brings every namespace to its version; rolled back, the older one leaves them as they are", async () => {
    const tenants = [desiredTenant(), desiredTenant(), desiredTenant()];
    const first = await start(tested.engine);
    await first.accept({
      schemaVersion: 1,
      instanceId,
      revision: 1,
      generatedAt: new Date().toISOString(),
      portalOrigin: "http://localhost:3000",
      assertionKeys: [],
      tenants,
      tombstones: [],
    });
    await until(() => first.state().appliedRevision).toBe(1);
    await first.stop();

    const engine = await tested.open(NEWER);
    expect((await engine.findDrift()).size).toBe(3);
    const newer = await start(engine);
    await until(() => newer.state().upgrade?.finishedAt).toBeDefined();
    await newer.stop();
    expect(newer.state().upgrade).toMatchObject({ toVersion: version + 1, total: 3, done: 3, quarantined: 0 });
    expect(newer.state().tenants.map((tenant) => tenant.namespaceVersion)).toEqual(Array(3).fill(version + 1));
    expect(await engine.findDrift()).toEqual(new Map());

    const rolledBack = await start(tested.engine);
    await until(() => rolledBack.state().tenants.map(({ state }) => state)).toEqual(Array(3).fill("failed"));
    await rolledBack.stop();
    expect(rolledBack.state().tenants[0]?.error).toContain("Start a newer agent");
    expect(await engine.findDrift()).toEqual(new Map());
  });
});
