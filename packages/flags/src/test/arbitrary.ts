/** Random flags and contexts, for tests of what holds for all of them. */
import type { CompiledFlag, CompiledFlags } from "@kombify/agent-contract";
import fc from "fast-check";
import type { EvaluationContext } from "../context.ts";

const attribute = fc.constantFrom("plan", "tenantId", "tenant", "userId", "version", "n");
const text = fc.constantFrom("free", "pro", "business", "t1", "t2", "acme", "bolt", "u1", "1.4.0", "");
const number = fc.integer({ min: -3, max: 3 });
const variable = attribute.map((name) => ({ var: name }));

type Logic = unknown;
const { logic } = fc.letrec<{ logic: Logic }>((tie) => ({
  logic: fc.oneof(
    { depthSize: "small" },
    fc
      .tuple(fc.constantFrom("===", "!==", "==", "!="), variable, text)
      .map(([sign, left, right]) => ({ [sign]: [left, right] })),
    fc.tuple(variable, fc.array(text, { maxLength: 4 })).map(([left, right]) => ({ in: [left, right] })),
    fc
      .tuple(fc.constantFrom("<", ">=", ">"), variable, number)
      .map(([sign, left, right]) => ({ [sign]: [left, right] })),
    fc
      .tuple(fc.constantFrom("starts_with", "ends_with"), variable, text)
      .map(([sign, left, right]) => ({ [sign]: [left, right] })),
    variable.map((left) => ({ sem_ver: [left, ">=", "1.2.0"] })),
    fc.constantFrom(true, false),
    fc
      .tuple(fc.constantFrom("and", "or"), fc.array(tie("logic"), { minLength: 1, maxLength: 3 }))
      .map(([join, items]) => ({ [join]: items })),
    tie("logic").map((inner) => ({ "!": [inner] })),
  ),
}));

/** Conditions of any kind, on tenants too. */
export const arbitraryLogic = logic;

const variant = fc.constantFrom<unknown>("on", "off", "true", null, true, 1);
const bucket = fc.constantFrom<unknown[]>(
  [],
  [{ cat: [{ var: "$flagd.flagKey" }, { var: "userId" }] }],
  [{ cat: [{ var: "$flagd.flagKey" }, { var: "tenantId" }] }],
  [{ var: "userId" }],
);
const { result } = fc.letrec<{ result: Logic }>((tie) => ({
  result: fc.oneof(
    { depthSize: "small" },
    variant,
    variable,
    logic,
    fc
      .tuple(bucket, fc.array(fc.tuple(tie("result"), fc.integer({ min: 0, max: 5 })), { minLength: 1, maxLength: 3 }))
      .map(([by, shares]) => ({ fractional: [...by, ...shares] })),
    fc
      .tuple(fc.array(fc.tuple(logic, tie("result")), { minLength: 1, maxLength: 4 }), fc.option(tie("result")))
      .map(([pairs, last]) => ({ if: [...pairs.flat(), ...(last === null ? [] : [last])] })),
  ),
}));

/** Any targeting that is an object. */
export const arbitraryTargeting = result
  .filter((value) => typeof value === "object" && value !== null)
  .map((value) => value as Record<string, unknown>);

const arbitraryFlag = fc.record({ targeting: arbitraryTargeting, hasDefault: fc.boolean() }).map(
  ({ targeting, hasDefault }): CompiledFlag => ({
    state: "ENABLED",
    variants: { on: "yes", off: "no", true: "t", false: "f", "1": "one" },
    defaultVariant: hasDefault ? "off" : null,
    targeting: targeting as CompiledFlag["targeting"],
  }),
);

export const arbitraryFlags: fc.Arbitrary<CompiledFlags> = fc.dictionary(
  fc.constantFrom("a", "b", "c", "constructor"),
  arbitraryFlag,
  {
    minKeys: 1,
    maxKeys: 4,
    noNullPrototype: true,
  },
);

export const arbitraryContext: fc.Arbitrary<EvaluationContext> = fc
  .tuple(
    fc.dictionary(attribute, fc.oneof(text, number, fc.constantFrom(null, true)), { noNullPrototype: true }),
    fc.option(fc.string({ minLength: 1 })),
  )
  .map(([context, targetingKey]) => ({ ...context, ...(targetingKey === null ? {} : { targetingKey }) }));
