import type { InstanceView } from "@kombify/api/schemas";

/** Whether new tenants are placed on an instance, and if not, why: its state's name and words. */
export function newTenants(
  instance: Pick<InstanceView, "lifecycle" | "connection" | "cordonedAt" | "capacity" | "placesUsed">,
): { state: string; label: string } {
  if (instance.cordonedAt !== null) return { state: "cordoned", label: "Cordoned" };
  if (instance.lifecycle !== "active") return { state: instance.lifecycle, label: "Not yet" };
  if (instance.connection === "revoked") return { state: "revoked", label: "Not while cut off" };
  if (instance.connection !== "connected") return { state: "stale", label: "Not while silent" };
  if (instance.placesUsed >= instance.capacity) return { state: "waiting_for_capacity", label: "Full" };
  return { state: "active", label: "Open" };
}
