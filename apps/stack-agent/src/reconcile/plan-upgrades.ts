/** Which namespaces have to be brought to the engine's version: comparing only, nothing is touched here. */
import type { DesiredState } from "@kombify/agent-contract";
import type { TenantRow } from "../engine/shared-store.ts";
import { type OpenState, openStateOf, type Present } from "./plan.ts";

/** States that are kept up to date without being named: what a local migration made is in no document. */
const KEPT_UNNAMED: ReadonlySet<string> = new Set(["ready", "quarantined"]);

/** The state that a tenant has once its collections are as they should be. */
export function stateWhenSound(document: DesiredState | null, row: TenantRow): OpenState {
  const wanted = document?.tenants.find(({ tenantId }) => tenantId === row.id);
  if (wanted) return openStateOf(wanted);
  return row.state === "suspended" ? "suspended" : "ready";
}

/**
 * Complete namespaces of an older version, and quarantined ones, of tenants that the document names or that are kept
 * without it. Those that are to be removed are left out, and so are those of a newer version, which nobody here understands.
 */
export function planUpgrades(document: DesiredState | null, present: Present): TenantRow[] {
  const named = new Set(document?.tenants.map(({ tenantId }) => tenantId));
  const removed = new Set(document?.tombstones.map(({ tenantId }) => tenantId));
  const namespaces = new Set(present.namespaces);
  return present.rows.filter(
    (row) =>
      namespaces.has(row.slug) &&
      row.namespaceVersion > 0 &&
      (row.namespaceVersion < present.namespaceVersion ||
        (row.namespaceVersion === present.namespaceVersion && row.state === "quarantined")) &&
      (named.has(row.id) || (!removed.has(row.id) && KEPT_UNNAMED.has(row.state))),
  );
}
