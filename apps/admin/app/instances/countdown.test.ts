import { expect, test } from "vitest";
import { countdown } from "./countdown.ts";

test.each([
  [900_000, "15:00"],
  [65_000, "1:05"],
  [400, "0:01"],
  [0, null],
  [-5_000, null],
])("%i ms before it ends a token has %s left", (left, text) => {
  expect(countdown(1_000_000 + left, 1_000_000)).toBe(text);
});
