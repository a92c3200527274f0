import type { RotationView } from "@kombify/api";
import { expect, test } from "vitest";
import { newLines } from "./rotate.ts";

const step = (name: string, state: RotationView["steps"][number]["state"], detail: string | null = null) => ({
  name,
  state,
  detail,
  startedAt: null,
  finishedAt: null,
  retryAt: null,
});
const rotation = (steps: RotationView["steps"]): RotationView => ({
  id: "00000000-0000-0000-0000-000000000000",
  kind: "signing-keys",
  requestedBy: null,
  startedAt: new Date(),
  finishedAt: null,
  cancelledAt: null,
  error: null,
  cancelRefusal: null,
  steps,
});

test("each step is printed when it begins, when it says something else, and when it ends, and nothing twice", () => {
  const printed = new Set<string>();
  const begun = rotation([step("Make it", "running"), step("Use it", "not-begun")]);
  expect(newLines(begun, printed)).toEqual(["runs    Make it"]);
  expect(newLines(begun, printed)).toEqual([]);
  const waits = rotation([step("Make it", "done", "Its id is 1."), step("Use it", "waiting", "Waits for berlin-1.")]);
  expect(newLines(waits, printed)).toEqual(["done    Make it: Its id is 1.", "waits   Use it: Waits for berlin-1."]);
  const fails = rotation([step("Make it", "done", "Its id is 1."), step("Use it", "failed", "It broke.")]);
  expect(newLines(fails, printed)).toEqual(["failed  Use it: It broke."]);
});
