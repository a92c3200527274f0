import { v7 as uuid } from "uuid";
import { expect, test } from "vitest";
import { desiredTenant } from "../../test/control-plane-double.ts";
import type { TenantRow } from "../engine/shared-store.ts";
import { type Present, planChanges } from "./plan.ts";

const documentOf = (changes: object) => ({
  schemaVersion: 1 as const,
  instanceId: uuid(),
  revision: 2,
  generatedAt: new Date().toISOString(),
  portalOrigin: "http://localhost:3000",
  assertionKeys: [],
  tenants: [],
  tombstones: [],
  ...changes,
});
const tenant = desiredTenant({ generation: 3 });
const { tenantId, slug, orgId, name, plan, generation } = tenant;
const row: TenantRow = {
  id: tenantId,
  slug,
  orgId,
  name,
  plan,
  state: "ready",
  generation,
  namespaceVersion: 1,
  error: null,
};
const here: Present = { rows: [row], namespaces: [slug], namespaceVersion: 1 };
const nothing: Present = { rows: [], namespaces: [], namespaceVersion: 1 };
const planned = (changes: object, present: Present) => planChanges(documentOf(changes), present);

test("a host that matches its document is left alone", () => {
  expect(planned({ tenants: [tenant] }, here)).toEqual({
    actions: [{ kind: "keep", tenant, state: "ready" }],
    orphans: [],
  });
});

test("what is missing, half made or of an older version is created", () => {
  expect(planned({ tenants: [tenant] }, nothing).actions).toMatchObject([{ kind: "create", fromVersion: 0 }]);
  expect(planned({ tenants: [tenant] }, { ...here, namespaces: [] }).actions).toMatchObject([
    { kind: "create", fromVersion: 0 },
  ]);
  expect(planned({ tenants: [tenant] }, { ...here, namespaceVersion: 2 }).actions).toMatchObject([
    { kind: "create", fromVersion: 1 },
  ]);
});

test("a generation older than the one here is refused", () => {
  expect(planned({ tenants: [{ ...tenant, generation: 2 }] }, here).actions).toMatchObject([
    { kind: "refuse", reason: "Generation 2 is older than 3, which this host already has." },
  ]);
});

test("collections that belong to somebody else are never handed to a new tenant", () => {
  const newcomer = desiredTenant({ slug });
  expect(planned({ tenants: [newcomer] }, here)).toMatchObject({ actions: [{ kind: "refuse" }], orphans: [slug] });
  expect(planned({ tenants: [newcomer] }, { ...nothing, namespaces: [slug] })).toMatchObject({
    actions: [{ kind: "refuse" }],
    orphans: [slug],
  });
});

test("what no document and no tombstone names is an orphan and stays", () => {
  expect(planned({}, here)).toEqual({ actions: [], orphans: [slug] });
});

test("a tombstone removes up to its generation and nothing newer", () => {
  const tombstone = { tenantId, slug, generation: 3 };
  expect(planned({ tombstones: [tombstone] }, here).actions).toEqual([{ kind: "remove", tombstone }]);
  expect(planned({ tombstones: [{ ...tombstone, generation: 2 }] }, here)).toEqual({ actions: [], orphans: [slug] });
  expect(planned({ tombstones: [tombstone] }, nothing).actions).toEqual([{ kind: "gone", tombstone }]);
  expect(planned({ tombstones: [tombstone], tenants: [tenant] }, here).actions).toMatchObject([{ kind: "keep" }]);
  const namesake = { ...tombstone, tenantId: uuid() };
  expect(planned({ tombstones: [namesake], tenants: [tenant] }, here).actions).toMatchObject([
    { kind: "keep" },
    { kind: "gone" },
  ]);
});
