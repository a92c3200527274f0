import { expect, test } from "vitest";
import { createUsageCounter } from "./usage.ts";

test("a report that is lost loses nothing, and one that arrived is not repeated", () => {
  const usage = createUsageCounter();
  usage.count("f", "on");
  usage.count("f", "on");
  usage.count("f", undefined);
  const lost = usage.report();
  expect(lost.usage).toEqual([
    { key: "f", variant: "on", count: 2 },
    { key: "f", variant: "", count: 1 },
  ]);
  usage.count("f", "on");
  const next = usage.report();
  expect(next.usage[0]).toEqual({ key: "f", variant: "on", count: 3 });
  usage.count("f", "on");
  next.arrived();
  lost.arrived();
  const last = usage.report();
  expect(last.usage).toEqual([{ key: "f", variant: "on", count: 4 }]);
  last.arrived();
  expect(usage.report().usage).toEqual([]);
});

test("made-up flags do not fill the memory, and a report is no longer than it may be", () => {
  const usage = createUsageCounter(3);
  for (let n = 0; n < 1_000; n++) usage.count(`f${n}`, "on");
  usage.count("f0", "on");
  expect(usage.report().usage).toHaveLength(3);
  const first = usage.report(2);
  expect(first.usage.map(({ key }) => key)).toEqual(["f0", "f1"]);
  first.arrived();
  expect(usage.report(2).usage.map(({ key }) => key)).toEqual(["f2"]);
});
