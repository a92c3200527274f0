/** What has to happen so that this host matches a document: comparing only, nothing is touched here. */
import type { DesiredState, DesiredTenant, Tombstone } from "@kombify/agent-contract";
import type { TenantRow, TenantState } from "../engine/shared-store.ts";

export type OpenState = Extract<TenantState, "ready" | "suspended">;

export type Action =
  | { kind: "keep"; tenant: DesiredTenant; state: OpenState; row: TenantRow }
  | { kind: "create"; tenant: DesiredTenant; state: OpenState }
  | { kind: "update"; tenant: DesiredTenant; state: OpenState; row: TenantRow }
  | { kind: "refuse"; tenant: DesiredTenant; reason: string }
  | { kind: "remove"; tombstone: Tombstone }
  /** What a tombstone names is not here: it was carried out before. */
  | { kind: "gone"; tombstone: Tombstone };

export type Plan = { actions: Action[]; orphans: string[] };

/** What this host has. */
export type Present = { rows: TenantRow[]; namespaces: string[]; namespaceVersion: number };

/** The same, to be asked of thousands of tenants. */
type Index = { byId: Map<string, TenantRow>; bySlug: Map<string, TenantRow>; namespaces: Set<string>; version: number };

const indexOf = ({ rows, namespaces, namespaceVersion }: Present): Index => ({
  byId: new Map(rows.map((row) => [row.id, row])),
  bySlug: new Map(rows.map((row) => [row.slug, row])),
  namespaces: new Set(namespaces),
  version: namespaceVersion,
});

function refusal(tenant: DesiredTenant, row: TenantRow | undefined, present: Index): string | null {
  if (row && row.generation > tenant.generation)
    return `Generation ${tenant.generation} is older than ${row.generation}, which this host already has.`;
  if (row && row.slug !== tenant.slug) return `This host has the tenant under the address ${row.slug}.`;
  if (!row && present.bySlug.has(tenant.slug)) return `Another tenant on this host has the address ${tenant.slug}.`;
  // A row is written before the first table and removed with the last, so these tables are somebody else's data.
  if (!row && present.namespaces.has(tenant.slug))
    return `Collections of ${tenant.slug} exist on this host and nobody knows whose they are.`;
  if (row && row.namespaceVersion > present.version)
    return `Its collections have version ${row.namespaceVersion}; this agent knows ${present.version}. Start a newer agent.`;
  return null;
}

/** What a tenant is once nothing stands in its way. */
export const openStateOf = ({ state }: DesiredTenant): OpenState => (state === "active" ? "ready" : "suspended");

function actionFor(tenant: DesiredTenant, present: Index): Action {
  const row = present.byId.get(tenant.tenantId);
  const reason = refusal(tenant, row, present);
  if (reason) return { kind: "refuse", tenant, reason };
  const state = openStateOf(tenant);
  // Version 0 is a namespace of which some collections may be missing. One of an older version is complete: what the
  // document says of it is taken over, and its upgrade is planned apart, in plan-upgrades.ts.
  if (!row || !present.namespaces.has(tenant.slug) || row.namespaceVersion === 0)
    return { kind: "create", tenant, state };
  const isSame =
    (row.state === state || row.state === "quarantined") &&
    row.generation === tenant.generation &&
    row.orgId === tenant.orgId &&
    row.name === tenant.name &&
    row.plan === tenant.plan;
  return { kind: isSame ? "keep" : "update", tenant, state, row };
}

function actionForTombstone(tombstone: Tombstone, present: Index): Action | null {
  const row = present.byId.get(tombstone.tenantId);
  // The tenant came back at a newer generation; what is here now is not what the tombstone speaks of.
  if (row) return row.generation <= tombstone.generation ? { kind: "remove", tombstone } : null;
  const isOthers = present.bySlug.has(tombstone.slug);
  return { kind: !isOthers && present.namespaces.has(tombstone.slug) ? "remove" : "gone", tombstone };
}

export function planChanges(document: DesiredState, present: Present): Plan {
  const index = indexOf(present);
  const wanted = new Set(document.tenants.map(({ tenantId }) => tenantId));
  const actions: Action[] = document.tenants.map((tenant) => actionFor(tenant, index));
  for (const tombstone of document.tombstones) {
    const action = wanted.has(tombstone.tenantId) ? null : actionForTombstone(tombstone, index);
    if (action) actions.push(action);
  }
  const named = new Set(
    actions.map((action) => {
      if (action.kind === "remove" || action.kind === "gone") return action.tombstone.slug;
      // A refused tenant's address may be that of somebody whom the document does not name.
      const owner = index.bySlug.get(action.tenant.slug)?.id;
      return owner === action.tenant.tenantId || action.kind !== "refuse" ? action.tenant.slug : null;
    }),
  );
  return { actions, orphans: present.namespaces.filter((slug) => !named.has(slug)).sort() };
}
