/** The steps that a person watches while a homelab is made, from the times that the tenant's row holds. */
import type { StepView, TenantStatus } from "./schemas.ts";

export interface StepTimes {
  status: TenantStatus;
  createdAt: Date;
  placedAt: Date | null;
  namespaceBegunAt: Date | null;
  namespaceReadyAt: Date | null;
  activatedAt: Date | null;
  error: string | null;
  instanceName: string | null;
}

export function stepsOf(tenant: StepTimes): StepView[] {
  const isMade = tenant.activatedAt !== null;
  const namespaceState = (): StepView["state"] => {
    if (tenant.namespaceReadyAt) return "done";
    if (!tenant.placedAt) return "waiting";
    return tenant.error ? "failed" : "active";
  };
  return [
    { key: "account", state: "done", at: tenant.createdAt, detail: null },
    {
      key: "placed",
      state: tenant.placedAt ? "done" : "active",
      at: tenant.placedAt,
      detail: tenant.placedAt ? tenant.instanceName : "Every host is full. You are in the queue.",
    },
    {
      key: "namespace",
      state: namespaceState(),
      at: tenant.namespaceReadyAt ?? tenant.namespaceBegunAt,
      detail: tenant.namespaceReadyAt
        ? null
        : tenant.error
          ? "This takes longer than it should. We keep trying."
          : null,
    },
    { key: "ready", state: isMade ? "done" : "waiting", at: tenant.activatedAt, detail: null },
  ];
}
