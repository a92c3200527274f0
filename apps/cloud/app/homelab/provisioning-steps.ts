/** The steps of setting up a homelab, in words for the person who waits. */
import type { StepView, TenantDetailView } from "@kombify/api/schemas";
import type { Step } from "@kombify/ui";

const LABELS: Record<StepView["key"], { done: string; before: string }> = {
  account: { before: "Create your account", done: "Account created" },
  placed: { before: "Find a place for it", done: "Place found" },
  namespace: { before: "Set up your own storage", done: "Storage set up" },
  ready: { before: "Open it for you", done: "Ready to launch" },
};

/** The steps as the page lists them. A homelab in the queue waits at finding its place. */
export function provisioningSteps(view: Pick<TenantDetailView, "status" | "steps" | "waitingReason">): Step[] {
  const isQueued = view.status === "waiting_for_capacity";
  return view.steps.map(({ key, state, at, detail }) => {
    const isHeld = isQueued && key === "placed" && state !== "done";
    return {
      key,
      label: state === "done" ? LABELS[key].done : LABELS[key].before,
      state: isHeld ? "waiting" : state,
      at,
      isHeld,
      detail: isHeld ? "In the queue for the next free place." : detailOf(key, detail),
    };
  });
}

/** The detail of a found place is the name of its host. */
function detailOf(key: StepView["key"], detail: string | null): string | null {
  return key === "placed" && detail !== null ? `Host: ${detail}` : detail;
}
