import { expect, test } from "vitest";
import { byNeed, rolloutCounts } from "./rollout-state.ts";

const host = (name: string, more: object = {}) => ({
  id: name,
  name,
  connection: "connected",
  tenants: 4,
  behind: 0,
  error: null,
  acknowledgedAt: null,
  ...more,
});

test("a host that refused a document or lags stands before those that have it, and an empty one counts as neither", () => {
  const instances = [
    host("a"),
    host("b", { behind: 2 }),
    host("c", { behind: 1, error: "too large" }),
    host("d", { tenants: 0 }),
    host("e", { behind: 3 }),
  ];
  expect(byNeed(instances).map(({ name }) => name)).toEqual(["c", "e", "b", "a", "d"]);
  expect(rolloutCounts(instances)).toEqual({ there: 1, behind: 2, refused: 1, total: 4 });
});
