import { expect, test } from "vitest";
import { netDifferences } from "./net-differences.ts";

const versions = [
  { version: 6, action: "override", differences: [{ what: "Override for ada", before: null, after: "on" }] },
  { version: 5, action: "kill", differences: [{ what: "Killed", before: null, after: "Slow" }] },
  { version: 4, action: "update", differences: [{ what: "Rules", before: "10 %", after: "50 %" }] },
  {
    version: 3,
    action: "update",
    differences: [
      { what: "Rules", before: null, after: "10 %" },
      { what: "Owner", before: "web", after: "core" },
    ],
  },
  { version: 2, action: "update", differences: [{ what: "Owner", before: "core", after: "web" }] },
];

test("the kill switch and overrides are left as they are", () => {
  expect(netDifferences(versions, 4)).toEqual([]);
});

test("going back says what it is now and what it becomes, over all versions between", () => {
  expect(netDifferences(versions, 3)).toEqual([{ what: "Rules", before: "50 %", after: "10 %" }]);
  expect(netDifferences(versions, 2)).toEqual([
    { what: "Rules", before: "50 %", after: null },
    { what: "Owner", before: "core", after: "web" },
  ]);
});

test("what was changed and changed back is no difference", () => {
  expect(netDifferences(versions, 1)).toEqual([{ what: "Rules", before: "50 %", after: null }]);
});
