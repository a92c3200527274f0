import { expect, test } from "vitest";
import { countTicks, dayText } from "./chart-scale.ts";

test.each([
  [0, [0, 1]],
  [1, [0, 1]],
  [3, [0, 1, 2, 3]],
  [5, [0, 2, 4, 6]],
  [40, [0, 10, 20, 30, 40]],
  [41, [0, 20, 40, 60]],
  [10_000, [0, 5_000, 10_000]],
])("a chart of counts up to %i has whole ticks from 0", (max, ticks) => {
  expect(countTicks(max)).toEqual(ticks);
});

test("a day reads the same in every time zone", () => {
  expect(dayText("2026-11-23")).toBe("23 Nov");
});
