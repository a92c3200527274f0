import { expect, test } from "vitest";
import { netDifferences } from "./net-differences.ts";

const versions = [
  { version: 4, differences: [{ what: "Rules", before: "10 %", after: "50 %" }] },
  {
    version: 3,
    differences: [
      { what: "Rules", before: null, after: "10 %" },
      { what: "Owner", before: "web", after: "core" },
    ],
  },
  { version: 2, differences: [{ what: "Owner", before: "core", after: "web" }] },
];

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
