import { expect, test } from "vitest";
import { deliveryWords } from "./delivery-words.ts";

test.each([
  [0, 0, false, "No instance has tenants"],
  [1, 0, false, "The one instance has it"],
  [40, 0, false, "All 40 have it"],
  [40, 3, true, "3 of 40 instances behind"],
  [1, 1, true, "1 of 1 instance behind"],
])("of %i instances %i behind reads as words", (instances, instancesBehind, isBehind, words) => {
  expect(deliveryWords({ instances, instancesBehind })).toEqual({ isBehind, words });
});
