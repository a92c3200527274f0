import { v7 as uuid } from "uuid";
import { expect, test } from "vitest";
import { desiredTenant } from "../../test/control-plane-double.ts";
import type { TenantRow } from "../engine/shared-store.ts";
import { type Present, planChanges } from "./plan.ts";
import { planUpgrades, stateWhenSound } from "./plan-upgrades.ts";

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
    actions: [{ kind: "keep", tenant, state: "ready", row }],
    orphans: [],
  });
});

const having = (changes: Partial<TenantRow>): Present => ({ ...here, rows: [{ ...row, ...changes }] });

test("what is missing or half made is created", () => {
  for (const present of [nothing, { ...here, namespaces: [] }, having({ state: "creating", namespaceVersion: 0 })])
    expect(planned({ tenants: [tenant] }, present).actions).toMatchObject([{ kind: "create" }]);
});

test("a complete namespace of an older version is not created again: it is an upgrade, apart from the document", () => {
  const later = { ...here, namespaceVersion: 2 };
  expect(planned({ tenants: [tenant] }, later).actions).toMatchObject([{ kind: "keep" }]);
  expect(planned({ tenants: [{ ...tenant, name: "New" }] }, later).actions).toMatchObject([{ kind: "update" }]);
  expect(planUpgrades(documentOf({ tenants: [tenant] }), later)).toEqual([row]);
  expect(planUpgrades(documentOf({ tenants: [tenant] }), here)).toEqual([]);
});

test("a namespace of a newer version is refused and never touched", () => {
  const newer = having({ namespaceVersion: 2 });
  expect(planned({ tenants: [tenant] }, newer).actions).toMatchObject([
    { kind: "refuse", reason: "Its collections have version 2; this agent knows 1. Start a newer agent." },
  ]);
  expect(planUpgrades(documentOf({ tenants: [tenant] }), newer)).toEqual([]);
  expect(planUpgrades(null, having({ namespaceVersion: 2, state: "quarantined" }))).toEqual([]);
});

test("who is under quarantine stays so whatever the document says of them, and is tried again", () => {
  const quarantined = having({ state: "quarantined" });
  expect(planned({ tenants: [tenant] }, quarantined).actions).toMatchObject([{ kind: "keep" }]);
  expect(planUpgrades(documentOf({ tenants: [tenant] }), quarantined)).toHaveLength(1);
});

test("what no document names is kept up to date while it is open, and left alone when it is closed or to be removed", () => {
  const later = { ...here, namespaceVersion: 2 };
  expect(planUpgrades(null, later)).toEqual([row]);
  expect(planUpgrades(documentOf({}), later)).toEqual([row]);
  expect(planUpgrades(documentOf({}), { ...having({ state: "suspended" }), namespaceVersion: 2 })).toEqual([]);
  expect(planUpgrades(documentOf({ tombstones: [{ tenantId, slug, generation: 3 }] }), later)).toEqual([]);
});

test("after its upgrade a tenant is what the document says; unnamed it is open, unless it was closed", () => {
  const suspended = documentOf({ tenants: [{ ...tenant, state: "suspended" }] });
  expect(stateWhenSound(suspended, { ...row, state: "quarantined" })).toBe("suspended");
  expect(stateWhenSound(null, { ...row, state: "quarantined" })).toBe("ready");
  expect(stateWhenSound(null, { ...row, state: "suspended" })).toBe("suspended");
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
