import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { calm } from "./calm.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("the first change is shown at once, a storm of them once in a while, and the last one is never lost", () => {
  const run = vi.fn();
  const { ask } = calm(run, 1_000);
  ask();
  expect(run).toHaveBeenCalledTimes(1);
  for (let at = 0; at < 50; at++) ask();
  expect(run).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1_000);
  expect(run).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(5_000);
  expect(run).toHaveBeenCalledTimes(2);
  ask();
  expect(run).toHaveBeenCalledTimes(3);
});

test("nothing runs after the page was left", () => {
  const run = vi.fn();
  const { ask, stop } = calm(run, 1_000);
  ask();
  ask();
  stop();
  vi.advanceTimersByTime(5_000);
  expect(run).toHaveBeenCalledTimes(1);
});
