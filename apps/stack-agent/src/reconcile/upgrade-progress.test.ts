import { expect, test } from "vitest";
import { createUpgradeProgress } from "./upgrade-progress.ts";

test("without anything to upgrade there is nothing to report", () => {
  const progress = createUpgradeProgress(3);
  progress.expect([]);
  expect(progress.report()).toBeUndefined();
});

test("an upgrade counts to its end, and those under quarantine do not keep it from ending", () => {
  const progress = createUpgradeProgress(3);
  progress.expect(["a", "b", "c"]);
  progress.succeeded("a");
  progress.quarantined("b");
  expect(progress.report()).toMatchObject({ toVersion: 3, total: 3, done: 1, quarantined: 1 });
  expect(progress.report()).not.toHaveProperty("finishedAt");
  progress.succeeded("c");
  expect(progress.report()).toMatchObject({ total: 3, done: 2, quarantined: 1, finishedAt: expect.any(String) });
});

test("looking again begins no new upgrade; a repaired tenant is counted as done", () => {
  const progress = createUpgradeProgress(3);
  progress.expect(["a", "b"]);
  progress.succeeded("a");
  progress.quarantined("b");
  const ended = progress.report()?.finishedAt;
  progress.expect(["b"]);
  expect(progress.report()).toMatchObject({ total: 2, done: 1, quarantined: 1, finishedAt: ended });
  progress.succeeded("b");
  expect(progress.report()).toMatchObject({ total: 2, done: 2, quarantined: 0, finishedAt: ended });
});

test("tenants that were removed meanwhile are not waited for", () => {
  const progress = createUpgradeProgress(3);
  progress.expect(["a", "b"]);
  progress.succeeded("a");
  progress.expect([]);
  expect(progress.report()).toMatchObject({ total: 1, done: 1, finishedAt: expect.any(String) });
});

test("more to upgrade after the end is a new upgrade, in which earlier quarantines still show", () => {
  const progress = createUpgradeProgress(3);
  progress.expect(["a"]);
  progress.quarantined("a");
  progress.expect(["a", "b"]);
  expect(progress.report()).toMatchObject({ total: 2, done: 0, quarantined: 1 });
  expect(progress.report()).not.toHaveProperty("finishedAt");
});
