import type { StepView } from "@kombify/api/schemas";
import { expect, test } from "vitest";
import { tenantSteps } from "./tenant-steps.ts";

const at = new Date("2026-11-23T10:00:00Z");
const steps = (placed: StepView["state"], namespace: StepView["state"]): StepView[] => [
  { key: "account", state: "done", at, detail: null },
  { key: "placed", state: placed, at: null, detail: "Every host is full. You are in the queue." },
  { key: "namespace", state: namespace, at: null, detail: "This takes longer than it should. We keep trying." },
];

test("a tenant in the queue waits at its place, in words for staff", () => {
  const [, placed] = tenantSteps({ status: "waiting_for_capacity", error: null, steps: steps("active", "waiting") });
  expect(placed).toMatchObject({ state: "waiting", isHeld: true, detail: "No instance has room." });
});

test("staff read what the host said, not what its members are told", () => {
  const error = "permission denied for schema stack";
  const [, , namespace] = tenantSteps({ status: "provisioning", error, steps: steps("done", "failed") });
  expect(namespace).toMatchObject({ state: "failed", detail: error });
});
