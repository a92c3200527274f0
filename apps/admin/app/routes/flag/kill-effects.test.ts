import { expect, test } from "vitest";
import { killEffects } from "./kill-effects.ts";

const flag = (definition: object) => ({
  instances: 40,
  definition: { offVariant: null, state: "ENABLED" as const, variants: { on: true, off: false }, ...definition },
});

test("the question before a kill says what everybody gets, and on how many instances", () => {
  expect(killEffects(flag({}))?.join(" ")).toMatch(/Everybody gets off, at once.* 40 instances/);
  expect(killEffects(flag({ offVariant: "on" }))?.[0]).toContain("Everybody gets on");
  expect(killEffects(flag({ state: "DISABLED" }))?.at(-1)).toContain("disabled");
});

test("a flag that has nothing to give while it is killed is not offered to be", () => {
  expect(killEffects(flag({ variants: { a: "x", b: "y" } }))).toBeNull();
});
