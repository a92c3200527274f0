import fc from "fast-check";
import { expect, test } from "vitest";
import { checkDefinitions } from "../definition.ts";
import {
  buildTargeting,
  type Condition,
  OPERATORS,
  type Outcome,
  parseCondition,
  parseTargeting,
  type RuleSet,
  sayCondition,
  sayRuleSet,
  sayTargeting,
  WHOLE,
} from "./index.ts";

const name = fc.constantFrom("plan", "tenantId", "userId", "a.b", "version", "constructorName");
const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean());
const variant = fc.constantFrom("on", "off");

const compare = fc
  .record({ attribute: name, operator: fc.constantFrom(...OPERATORS) })
  .chain(({ attribute, operator }): fc.Arbitrary<Condition> => {
    const values = /of$/.test(operator)
      ? fc.array(scalar, { minLength: 1 })
      : /set$/.test(operator)
        ? fc.constant(null)
        : operator === "matches version"
          ? fc.constantFrom(">=1.4.0", "=1.0.0", "^2.1.3", "~1.2.3", "!=1.0.0-rc.1", "<3.0.0", "<=3.0.0", ">0.1.0")
          : /with$/.test(operator)
            ? fc.string()
            : scalar;
    return values.map((value) => ({ kind: "compare", attribute, operator, value }));
  });
const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    compare,
    fc.constantFrom<Condition>({ kind: "segment", segment: "staff" }),
    fc.record({
      kind: fc.constantFrom("all" as const, "any" as const),
      conditions: fc.array(tie("condition"), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant("not" as const), condition: tie("condition") }),
  ),
}));
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  variant.map((given) => ({ kind: "variant" as const, variant: given })),
  fc
    .record({ by: fc.constantFrom("tenantId", "userId", "targetingKey"), first: fc.integer({ min: 0, max: WHOLE }) })
    .map(({ by, first }) => ({
      kind: "split" as const,
      by,
      weights: [
        { variant: "on", weight: first },
        { variant: "off", weight: WHOLE - first },
      ],
    })),
);
const ruleSet: fc.Arbitrary<RuleSet> = fc.record({
  rules: fc.array(fc.record({ when: fc.option(condition), give: outcome }), { maxLength: 4 }),
  otherwise: fc.option(outcome),
});

const flagOf = (targeting: Record<string, unknown>) => ({
  key: "f",
  state: "ENABLED" as const,
  variants: { on: true, off: false },
  defaultVariant: "off",
  targeting,
  metadata: {},
  offVariant: null,
  prerequisites: [],
});

test("whatever is built reads back as the same rules, and builds the same again", () => {
  fc.assert(
    fc.property(ruleSet, (rules) => {
      const targeting = buildTargeting(rules);
      const read = parseTargeting(JSON.parse(JSON.stringify(targeting)));
      expect(read).toEqual(rules);
      if (read) expect(buildTargeting(read)).toEqual(targeting);
    }),
    { numRuns: 500 },
  );
});

test("whatever is built is accepted at save", () => {
  const segments = { staff: { ends_with: [{ var: "email" }, "@kombify.io"] } };
  fc.assert(
    fc.property(ruleSet, (rules) => {
      const clean = JSON.parse(JSON.stringify(rules), (_, value) =>
        typeof value === "string" ? value.replace(/[\p{Cc}]/gu, "").replace("__proto__", "") : value,
      ) as RuleSet;
      expect(checkDefinitions({ flags: [flagOf(buildTargeting(clean))], segments })).toEqual([]);
    }),
    { numRuns: 100 },
  );
});

test("what says more than rules can is left to the JSON", () => {
  for (const logic of [
    { if: [{ "==": [{ var: "plan" }, "pro"] }, "on"] },
    { if: [{ "<": [{ var: "n" }, 1] }, "on"] },
    {
      fractional: [
        ["on", 1],
        ["off", 1],
      ],
    },
    { if: [{ var: "beta" }, "on"] },
    { if: [{ fractional: [["on", WHOLE]] }] },
    { if: [{ "===": [1, 2], in: [] }, "on"] },
    { if: [true, true] },
    { if: [] },
    { nonsense: 1 },
    { cat: "on" },
    JSON.parse(`{"if":[${'{"!":['.repeat(20_000)}true${"]}".repeat(20_000)},"on"]}`),
  ])
    expect(parseTargeting(logic)).toBeNull();
  expect(parseCondition({ ends_with: [{ var: "email" }, "x"] })).toMatchObject({ operator: "ends with" });
  expect(parseCondition({ var: "x" })).toBeNull();
});

const compareWith = (attribute: string, operator: (typeof OPERATORS)[number], value: unknown): Condition =>
  ({ kind: "compare", attribute, operator, value }) as Condition;

test("rules are said in words", () => {
  const rules: RuleSet = {
    rules: [
      { when: compareWith("plan", "one of", ["pro", "business"]), give: { kind: "variant", variant: "on" } },
      {
        when: {
          kind: "all",
          conditions: [
            compareWith("version", "matches version", ">=1.4.0"),
            { kind: "any", conditions: [{ kind: "segment", segment: "staff" }, compareWith("seats", "less than", 5)] },
            { kind: "not", condition: compareWith("tenantId", "is", "t1") },
          ],
        },
        give: {
          kind: "split",
          by: "tenantId",
          weights: [
            { variant: "on", weight: 10_000 },
            { variant: "off", weight: 90_000 },
          ],
        },
      },
    ],
    otherwise: null,
  };
  expect(sayRuleSet(rules, { t1: "Acme" })).toEqual([
    "If plan is one of pro, business: on",
    "If version is at least 1.4.0 and (in segment staff or seats is less than 5) and not (tenantId is Acme): 10 % of homelabs get on, 90 % off",
    "Otherwise: the default variant",
  ]);
  expect(sayRuleSet({ rules: [], otherwise: null })).toEqual(["Everybody: the default variant"]);
  expect(sayRuleSet({ rules: [{ when: null, give: { kind: "variant", variant: "on" } }], otherwise: null })).toEqual([
    "Everybody: on",
  ]);
  expect(sayCondition(compareWith("email", "none of", ["", "a"]))).toBe('email is none of "", a');
  expect(sayCondition(compareWith("email", "is set", null))).toBe("email is set");
});

test("what was written by hand is said as far as there are words, and shown where there are none", () => {
  expect(
    sayTargeting({
      if: [
        { "==": [{ var: "plan" }, "pro"] },
        true,
        {
          fractional: [
            ["on", 1],
            ["off", 2],
          ],
        },
      ],
    }),
  ).toEqual(["If plan is pro: true", "Otherwise: 33.333 % of callers get on, 66.667 % off"]);
  expect(sayTargeting({ if: [{ ">": [{ "%": [{ var: "n" }, 2] }, 0] }, { var: "which" }] })).toEqual([
    'If {"%":[{"var":"n"},2]} is greater than 0: what this gives: {"var":"which"}',
    "Otherwise: the default variant",
  ]);
});
