import { expect, test } from "vitest";
import { revisionLag } from "./revision-lag.ts";

test.each([
  [42, 42, "In step", "applied 42 of 42", "good"],
  [43, 42, "1 change behind", "applied 42 of 43", "waiting"],
  [1_500, 200, "1,300 changes behind", "applied 200 of 1,500", "waiting"],
  [5, 7, "2 changes ahead of the control plane", "applied 7 of 5", "bad"],
] as const)("desired %i beside applied %i reads: %s", (desired, applied, text, detail, tone) => {
  expect(revisionLag(desired, applied, true)).toEqual({ text, detail, tone });
});

test("a host that never joined is not called behind", () => {
  expect(revisionLag(3, 0, false)).toMatchObject({ text: "Nothing applied yet", tone: "quiet" });
});
