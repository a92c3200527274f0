/**
 * When a tenant is served, and what people are told while it is not. A tenant is served by nothing but the version of its
 * collections that this agent knows: what waits for its upgrade is closed until it had it (ADR 0011).
 */
import { ServiceError } from "@kombify/agent-contract";
import type { Engine } from "./engine.ts";
import type { TenantRow } from "./shared-store.ts";

const CLOSED: Record<Exclude<TenantRow["state"], "ready">, string> = {
  creating: "Your homelab is still being set up. Try again in a moment.",
  failed: "Your homelab could not be set up yet. We keep trying.",
  suspended: "Your homelab is suspended.",
  quarantined: "Your homelab is being repaired. Your data is safe and we have been told; try again later.",
};

type Versioned = Pick<TenantRow, "id" | "state" | "namespaceVersion">;

const awaitsUpgrade = (tenant: Versioned, { namespaceVersion }: Pick<Engine, "namespaceVersion">): boolean =>
  tenant.state === "ready" && tenant.namespaceVersion < namespaceVersion;

/** Why a tenant is not served now, for the person who wants in; null when it is open. */
export function whyClosed(tenant: Versioned, engine: Pick<Engine, "namespaceVersion">): string | null {
  if (tenant.state !== "ready") return CLOSED[tenant.state];
  if (awaitsUpgrade(tenant, engine)) return "Your homelab is being brought up to date. Try again in a moment.";
  if (tenant.namespaceVersion > engine.namespaceVersion)
    return "Your homelab needs a newer version of this Stack. Your data is safe; it opens once the Stack is up to date.";
  return null;
}

/**
 * @param onAwaited told of a tenant that somebody wants to enter and that waits for its upgrade.
 * @throws ServiceError PRECONDITION with the reason when the tenant is not open.
 */
export function assertOpen(
  tenant: Versioned,
  engine: Pick<Engine, "namespaceVersion">,
  onAwaited: (tenantId: string) => void,
): void {
  if (awaitsUpgrade(tenant, engine)) onAwaited(tenant.id);
  const reason = whyClosed(tenant, engine);
  if (reason !== null) throw new ServiceError("PRECONDITION", reason);
}
