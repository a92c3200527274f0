import { expect, test } from "vitest";
import { provisioningSteps } from "./provisioning-steps.ts";

const at = new Date("2026-11-23T21:04:00Z");

test("a homelab in the queue is shown waiting for its place, not failing", () => {
  const steps = provisioningSteps({
    status: "waiting_for_capacity",
    waitingReason: "No instance has room.",
    steps: [
      { key: "account", state: "done", at, detail: null },
      { key: "placed", state: "active", at: null, detail: "No instance has room." },
      { key: "namespace", state: "waiting", at: null, detail: null },
      { key: "ready", state: "waiting", at: null, detail: null },
    ],
  });
  expect(steps[1]).toMatchObject({ state: "waiting", isHeld: true, detail: "In the queue for the next free place." });
  expect(steps.map((step) => step.label)).toEqual([
    "Account created",
    "Find a place for it",
    "Set up your own storage",
    "Open it for you",
  ]);
});

test("words of the machinery do not reach the person", () => {
  const steps = provisioningSteps({
    status: "active",
    waitingReason: null,
    steps: [
      { key: "placed", state: "done", at, detail: null },
      { key: "namespace", state: "done", at, detail: null },
      { key: "ready", state: "done", at, detail: null },
    ],
  });
  expect(steps.map((step) => `${step.label} ${step.detail ?? ""}`).join(" ")).not.toMatch(/namespace|tenant|instance/i);
});
