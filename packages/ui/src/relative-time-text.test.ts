import { expect, test } from "vitest";
import { exactUtcText, relativeTimeText } from "./relative-time-text.ts";

const NOW = Date.UTC(2026, 10, 23, 21, 4);

test.each([
  [0, "just now"],
  [-9, "just now"],
  [-42, "42 seconds ago"],
  [-60, "1 minute ago"],
  [-3_599, "59 minutes ago"],
  [7_200, "in 2 hours"],
  [-86_400, "yesterday"],
  [-3 * 604_800, "3 weeks ago"],
])("%i seconds from now reads %j", (seconds, text) => {
  expect(relativeTimeText(NOW + seconds * 1_000, NOW)).toBe(text);
});

test("the exact time names its zone and is the same on every machine", () => {
  expect(exactUtcText(new Date(NOW))).toBe("23 Nov 2026, 21:04 UTC");
  expect(exactUtcText(new Date(Date.UTC(2026, 0, 3, 0, 5)))).toBe("3 Jan 2026, 00:05 UTC");
});
