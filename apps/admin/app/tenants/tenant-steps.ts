/** The steps of a tenant's set-up, in words for staff. */
import type { StaffTenantDetailView, StepView } from "@kombify/api/schemas";
import type { Step } from "@kombify/ui";

const LABELS: Record<StepView["key"], { done: string; before: string }> = {
  account: { before: "Account", done: "Signed up" },
  placed: { before: "A place on an instance", done: "Placed on an instance" },
  namespace: { before: "Namespace on the host", done: "Namespace made" },
  ready: { before: "Ready to launch", done: "Ready to launch" },
};

/** The steps as the page lists them. The host's own words replace what the tenant's members are told. */
export function tenantSteps(tenant: Pick<StaffTenantDetailView, "status" | "steps" | "error">): Step[] {
  const isQueued = tenant.status === "waiting_for_capacity";
  return tenant.steps.map(({ key, state, at, detail }) => {
    const isHeld = isQueued && key === "placed" && state !== "done";
    const words = state === "done" ? LABELS[key].done : LABELS[key].before;
    if (isHeld) return { key, label: words, state: "waiting", at, isHeld, detail: "No instance has room." };
    return { key, label: words, state, at, detail: key === "namespace" && state !== "done" ? tenant.error : detail };
  });
}
