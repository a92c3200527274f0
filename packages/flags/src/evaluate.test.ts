import type { CompiledFlag, CompiledFlags } from "@kombify/agent-contract";
import { MemoryStorage } from "@openfeature/flagd-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { EvaluationContext } from "./context.ts";
import { createFlagSet } from "./evaluate.ts";
import { createFlagSetCache } from "./flag-set-cache.ts";
import { QUIET } from "./quiet.ts";
import { arbitraryContext, arbitraryFlags } from "./test/arbitrary.ts";

const flag = (targeting: unknown = {}, changes: Partial<CompiledFlag> = {}): CompiledFlag => ({
  state: "ENABLED",
  variants: { on: true, off: false },
  defaultVariant: "off",
  targeting: targeting as CompiledFlag["targeting"],
  metadata: { team: "a" },
  ...changes,
});
const only = (compiled: CompiledFlag, context: EvaluationContext = {}) =>
  createFlagSet({ f: compiled }).evaluate("f", context);
const is = (plan: string) => ({ "===": [{ var: "plan" }, plan] });
const half = {
  fractional: [
    ["on", 1],
    ["off", 1],
  ],
};
const all = {
  fractional: [
    ["on", 1],
    ["off", 0],
  ],
};

test.each<[string, unknown, EvaluationContext, string | undefined, string, string | undefined]>([
  ["no rules", {}, {}, "off", "STATIC", undefined],
  ["the second rule", { if: [is("a"), "off", is("b"), "on", "off"] }, { plan: "b" }, "on", "TARGETING_MATCH", "rule-2"],
  ["no rule", { if: [is("a"), "on"] }, {}, "off", "DEFAULT", "default"],
  ["what is given else", { if: [is("a"), "off", "on"] }, {}, "on", "TARGETING_MATCH", "default"],
  ["a share in a rule", { if: [is("a"), all] }, { plan: "a", targetingKey: "u" }, "on", "SPLIT", "rule-1"],
  ["a share of nobody in particular", all, {}, "off", "DEFAULT", "default"],
  [
    "a rule in a rule",
    { if: [is("a"), { if: [is("b"), "off", "on"] }] },
    { plan: "a" },
    "on",
    "TARGETING_MATCH",
    "rule-1",
  ],
  [
    "a rule in a share",
    { fractional: [[{ if: [is("a"), "on"] }, 1]] },
    { plan: "a", targetingKey: "u" },
    "on",
    "SPLIT",
    "default",
  ],
  [
    "a variant that somebody says",
    { if: [true, { var: "which" }] },
    { which: "on" },
    "on",
    "TARGETING_MATCH",
    "rule-1",
  ],
  ["... and does not", { if: [true, { var: "which" }] }, {}, "off", "DEFAULT", "default"],
])("%s: variant, reason and rule", (_, logic, context, variant, reason, ruleId) => {
  const evaluation = only(flag(logic), context);
  expect(evaluation).toMatchObject({ variant, reason, value: variant === "on", metadata: { team: "a" } });
  expect(evaluation.metadata.ruleId).toBe(ruleId);
});

test("yes and no are variants where rules give them", () => {
  const variants = { true: "y", false: "n" };
  expect(only(flag({ if: [is("a"), true, false] }, { variants, defaultVariant: null }), { plan: "a" }).value).toBe("y");
  const bare = flag(is("a"), { variants, defaultVariant: null });
  expect([only(bare, { plan: "a" }).value, only(bare).value]).toEqual(["y", "n"]);
});

test("without a default there is no value, which is no error", () => {
  const evaluation = only(flag({ if: [is("a"), "on"] }, { defaultVariant: null }));
  expect(evaluation).toEqual({ key: "f", reason: "DEFAULT", metadata: { team: "a", ruleId: "default" } });
});

test("errors say what is wrong without our marks in them", () => {
  const broken: [unknown, EvaluationContext, string][] = [
    [{ if: [true, "nowhere"] }, {}, "GENERAL"],
    [{ if: [true, { var: "which" }] }, { which: "on\u001frule-1" }, "GENERAL"],
    [{ if: [{ "<": [{ var: "n" }, 1] }, "on"] }, { n: "x" }, "GENERAL"],
    [{ nonsense: [1] }, {}, "PARSE_ERROR"],
  ];
  for (const [logic, context, errorCode] of broken) {
    const evaluation = only(flag(logic), context);
    expect(evaluation).toMatchObject({ reason: "ERROR", errorCode });
    expect(JSON.stringify(evaluation)).not.toMatch(/\\u001f|rule-1/);
  }
  expect(createFlagSet({}).evaluate("__proto__", {})).toMatchObject({ errorCode: "FLAG_NOT_FOUND" });
});

const needs = (key: string, changes: Partial<CompiledFlag> = {}) =>
  flag({}, { defaultVariant: "on", offVariant: "off", prerequisites: [{ flag: key, variants: ["on"] }], ...changes });

test.each<[string, CompiledFlags, EvaluationContext, boolean]>([
  ["met", { p: flag({}, { defaultVariant: "on" }) }, {}, true],
  ["met for some", { p: flag({ if: [is("a"), "on"] }) }, { plan: "a" }, true],
  ["unmet for others", { p: flag({ if: [is("a"), "on"] }) }, { plan: "b" }, false],
  ["missing", {}, {}, false],
  ["disabled", { p: flag({}, { defaultVariant: "on", state: "DISABLED" }) }, {}, false],
  [
    "killed, even to the wanted variant",
    { p: flag({}, { defaultVariant: "on", metadata: { decidedBy: "killed" } }) },
    {},
    false,
  ],
  ["broken", { p: flag({ if: [true, "nowhere"] }) }, {}, false],
  ["behind one that is unmet", { p: needs("q"), q: flag() }, {}, false],
  ["behind one that is met", { p: needs("q"), q: flag({}, { defaultVariant: "on" }) }, {}, true],
  ["in a circle", { p: needs("f") }, {}, false],
  ["behind a circle", { p: needs("q"), q: needs("p") }, {}, false],
])("a prerequisite that is %s", (_, others, context, isMet) => {
  const flagSet = createFlagSet({ f: needs("p"), ...others });
  const evaluation = flagSet.evaluate("f", context);
  expect(evaluation.variant).toBe(isMet ? "on" : "off");
  expect(evaluation.metadata.prerequisite).toBe(isMet ? undefined : "p");
  expect(flagSet.evaluateAll(context)[0]).toEqual(evaluation);
});

test("thousands of prerequisites are asked once each, and a long chain does not break the stack", () => {
  const chain = Array.from({ length: 5_000 }, (_, n): [string, CompiledFlag] => [`f${n}`, needs(`f${n + 1}`)]);
  expect(createFlagSet(Object.fromEntries(chain)).evaluate("f0", {}).variant).toBe("off");
  const many = (row: number) => Array.from({ length: 20 }, (_, n) => ({ flag: `r${row + 1}-${n}`, variants: ["on"] }));
  const rows = Array.from({ length: 20 }, (_, row) =>
    Array.from({ length: 20 }, (__, n) => [
      `r${row}-${n}`,
      flag({}, { defaultVariant: "on", prerequisites: row < 19 ? many(row) : [] }),
    ]),
  );
  expect(createFlagSet(Object.fromEntries(rows.flat())).evaluate("r0-0", {}).variant).toBe("on");
});

test("attributes and flags named like what every object has are just names", () => {
  const flags = JSON.parse(
    JSON.stringify({ constructor: flag({ if: [is("pro"), "on"] }), toString: flag() }),
  ) as CompiledFlags;
  const flagSet = createFlagSet(flags);
  const hostile = JSON.parse('{"__proto__":{"plan":"pro"},"constructor":{"name":"x"},"$flagd":{"flagKey":"y"}}');
  expect(flagSet.evaluate("constructor", hostile)).toMatchObject({ variant: "off" });
  expect(flagSet.evaluate("hasOwnProperty", {})).toMatchObject({ errorCode: "FLAG_NOT_FOUND" });
  expect(({} as { plan?: string }).plan).toBeUndefined();
});

test("what is answered cannot be changed for the next one who asks", () => {
  const flagSet = createFlagSet({ f: flag({}, { variants: { off: { a: [1] } } }) });
  const evaluation = flagSet.evaluate("f", {});
  expect(flagSet.evaluate("f", {})).toBe(evaluation);
  expect(() => Object.assign((evaluation.value as { a: number[] }).a, { 0: 2 })).toThrow(TypeError);
});

test("the library alone gives the same value, for random flags and contexts, and one flag what all flags give", () => {
  fc.assert(
    fc.property(arbitraryFlags, fc.array(arbitraryContext, { minLength: 5, maxLength: 5 }), (flags, contexts) => {
      const bare = new MemoryStorage(QUIET, { disableDynamicCodeGeneration: true });
      bare.setConfigurations(JSON.stringify({ flags }));
      const flagSet = createFlagSet(flags);
      for (const context of contexts)
        for (const evaluation of flagSet.evaluateAll(context)) {
          const expected = bare.getFlag(evaluation.key)?.evaluate(context);
          expect([evaluation.value, evaluation.variant]).toEqual([expected?.value, expected?.variant]);
          expect(evaluation.reason === "SPLIT" ? "TARGETING_MATCH" : evaluation.reason).toBe(expected?.reason);
          expect(flagSet.evaluate(evaluation.key, context)).toEqual(evaluation);
        }
    }),
    { numRuns: 300 },
  );
});

test("the same flags are loaded once, and what nobody asks for is let go", () => {
  const cache = createFlagSetCache(2);
  const load = () => ({ f: flag(half) });
  const first = cache.of("a", load);
  cache.of("b", load);
  expect(cache.of("a", () => expect.fail("it is there"))).toBe(first);
  cache.of("c", load);
  expect(cache.size).toBe(2);
  expect(cache.of("a", () => expect.fail("it was used"))).toBe(first);
  expect(() => cache.of("b", () => ({ f: flag({}, { defaultVariant: "no" }) }))).toThrow("no variant no");
  expect(() => createFlagSet({ f: flag({}, { state: "X" as "ENABLED" }) })).toThrow("unknown state");
});
