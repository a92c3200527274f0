import { expect, test } from "vitest";
import { percentText, sumProblem, weightOf } from "./weights.ts";

test("a share is percent with up to three decimals, and nothing is rounded away", () => {
  expect(weightOf("12.5")).toBe(12_500);
  expect(weightOf(" 0,001 % ")).toBe(1);
  expect(weightOf("33.333")).toBe(33_333);
  expect(weightOf("")).toBe(0);
  for (const typed of ["12.3456", "-1", "101", "half", "1e2"]) expect(weightOf(typed), typed).toBeNull();
  for (const weight of [0, 1, 4_235, 33_333, 66_667, 100_000]) expect(weightOf(percentText(weight))).toBe(weight);
});

test("shares that are not the whole together say how much is missing", () => {
  expect(sumProblem([33_333, 66_667])).toBeNull();
  expect(sumProblem([20_000, 70_000])).toContain("10 % are missing");
  expect(sumProblem([50_000, 50_001])).toContain("0.001 % are too many");
});
