import { expect, test } from "vitest";
import { checkDefinitions, type Definition } from "./definition.ts";

const flag = (changes: Partial<Definition> = {}): Definition => ({
  key: "b",
  state: "ENABLED",
  variants: { on: true, off: false },
  defaultVariant: "off",
  targeting: {},
  metadata: {},
  offVariant: null,
  prerequisites: [],
  ...changes,
});
const check = (changes: Partial<Definition>, segments = {}) => checkDefinitions({ flags: [flag(changes)], segments });
const targeting = (logic: unknown, segments = {}) => check({ targeting: logic as Definition["targeting"] }, segments);
const nest = (levels: number): unknown => (levels === 0 ? true : { "!": [nest(levels - 1)] });
const plan = { "===": [{ var: "plan" }, "pro"] };

test("a flag that flagd would take is taken", () => {
  const shares = { fractional: [{ cat: [{ var: "$flagd.flagKey" }, { var: "userId" }] }, ["on", 10], ["off", 90]] };
  const fine = [
    {},
    { if: [plan, "on", "off"] },
    { if: [{ $ref: "staff" }, "on", shares] },
    shares,
    { if: [{ in: [{ var: "tenant" }, ["acme"]] }, "on"] },
    { if: [{ and: [{ sem_ver: [{ var: "version" }, ">=", "1.4.0"] }, { $ref: "staff" }] }, "on", null] },
  ];
  for (const logic of fine)
    expect(targeting(logic, { staff: { ends_with: [{ var: "email" }, "@kombify.io"] } })).toEqual([]);
  expect(check({ defaultVariant: null, variants: { a: { b: [1, null] }, c: {} } })).toEqual([]);
});

test.each<[string, Partial<Definition>, string, string]>([
  ["no variant", { variants: {}, defaultVariant: null }, "/variants", "needs a variant"],
  ["two types", { variants: { off: true, label: "x" } }, "/variants/label", "off is a boolean, label a string"],
  ["a list as value", { variants: { off: [1] } }, "/variants/off", "is a list"],
  ["an unknown default", { defaultVariant: "no" }, "/defaultVariant", "Choose one of: on, off"],
  ["an inherited default", { defaultVariant: "constructor" }, "/defaultVariant", "no variant constructor"],
  ["an unknown off-variant", { offVariant: "no" }, "/offVariant", "Choose one of: on, off"],
  ["an unknown state", { state: "X" as "ENABLED" }, "/state", "flagd does not accept it"],
  ["our word in metadata", { metadata: { ruleId: "x" } }, "/metadata/ruleId", "Call it something else"],
  ["control characters", { variants: { off: "a\u001fb" } }, "/variants", "control character"],
  ["a variant __proto__", { variants: JSON.parse('{"off":true,"__proto__":true}') }, "/variants", "__proto__"],
  ["a flag of a megabyte", { metadata: { a: "x".repeat(1 << 20) } }, "", "256 KiB"],
  ["a number without an end", { variants: { off: Number.NaN } }, "/variants", "finite"],
])("%s is refused", (_, changes, path, words) => {
  const [problem, ...more] = check(changes);
  expect(problem).toEqual({ path: `/flags/b${path}`, message: expect.stringContaining(words) });
  expect(more).toEqual([]);
});

test.each<[string, unknown, string, string]>([
  ["an unknown operator", { nonsense: [1] }, "", 'no operator "nonsense"'],
  ["one deep inside", { if: [{ and: [plan, { log: 1 }] }, "on"] }, "/if/0/and/1", "sem_ver"],
  ["two operations at once", { if: [{ "===": [1, 1], "!": [1] }, "on"] }, "/if/0", "One operation at a time"],
  ["a comparison with one side", { if: [{ "===": [plan] }, "on"] }, "/if/0/===", "It would be"],
  ["a version of two numbers", { if: [{ sem_ver: [{ var: "v" }, ">", "1.4"] }, "on"] }, "/if/0/sem_ver/2", '"1.4.0"'],
  ["if without a list", { if: "on" }, "/if", "It would be"],
  ["a variant that is not there", { if: [plan, "on", "maybe"] }, "/if/2", "gives the variant maybe"],
  [
    "... in a share",
    {
      fractional: [
        ["on", 1],
        ["maybe", 1],
      ],
    },
    "/fractional/1/0",
    "gives the variant maybe",
  ],
  ["yes or no without such variants", { "===": [{ var: "plan" }, "pro"] }, "", "gives the variant true"],
  [
    "a negative weight",
    {
      fractional: [
        ["on", -1],
        ["off", 2],
      ],
    },
    "/fractional/0/1",
    "whole number",
  ],
  [
    "half a weight",
    {
      fractional: [
        ["on", 0.5],
        ["off", 2],
      ],
    },
    "/fractional/0/1",
    "whole number",
  ],
  [
    "no weight at all",
    {
      fractional: [
        ["on", 0],
        ["off", 0],
      ],
    },
    "",
    "All weights are 0",
  ],
  [
    "too much weight",
    {
      fractional: [
        ["on", 2 ** 31 - 1],
        ["off", 1],
      ],
    },
    "",
    "2147483647",
  ],
  ["an attribute of every object", { if: [{ var: "constructor.name" }, "on"] }, "/if/0", "not an attribute"],
  ["a targeting that is a segment", { $ref: "staff" }, "", "begin with if"],
  ["a circle of segments", { if: [{ $ref: "a" }, "on"] }, "", "a -> b -> a"],
  ["an unknown segment", { if: [{ $ref: "nobody" }, "on"] }, "", "no segment nobody"],
  [
    "a tenant in other logic",
    { if: [{ "===": [{ cat: [{ var: "tenant" }, { var: "userId" }] }, "acme1"] }, "on"] },
    "/if/0",
    "fixed values",
  ],
  ["a variant by tenant", { cat: ["for-", { var: "tenant" }] }, "", "fixed values"],
  ["too deep", { if: [nest(40), "on"] }, "", "levels deep"],
  ["too deep with its segments", { if: [{ and: [{ "!": [{ $ref: "deep" }] }] }, "on"] }, "", "levels deep"],
])("%s is refused, with its place", (_, logic, path, words) => {
  const problems = targeting(logic, {
    a: { "!": [{ $ref: "b" }] },
    b: { "!": [{ $ref: "a" }] },
    staff: plan,
    deep: nest(30),
  });
  expect(problems.filter((problem) => problem.path.startsWith("/flags"))[0]).toEqual({
    path: `/flags/b/targeting${path}`,
    message: expect.stringContaining(words),
  });
});

test("segments that multiply are refused before they fill the memory", () => {
  const segments = Object.fromEntries(
    Array.from({ length: 9 }, (_, n) => [`s${n}`, { and: Array(10).fill(n === 8 ? true : { $ref: `s${n + 1}` }) }]),
  );
  expect(targeting({ if: [{ $ref: "s0" }, "on"] }, segments)[0]?.message).toContain("fewer segments");
});

test("a segment is checked by itself", () => {
  expect(checkDefinitions({ flags: [], segments: { x: { log: [1] } } })).toEqual([
    { path: "/segments/x", message: expect.stringContaining('no operator "log"') },
  ]);
});

const needs = (key: string, flagKey: string, changes: Partial<Definition> = {}) =>
  flag({ key, offVariant: "off", prerequisites: [{ flag: flagKey, variants: ["on"] }], ...changes });

test("prerequisites are known, have the variant, and never form a circle", () => {
  const messages = (...flags: Definition[]) => checkDefinitions({ flags, segments: {} }).map(({ message }) => message);
  expect(messages(needs("a", "b"), flag())).toEqual([]);
  expect(messages(needs("a", "gone"))).toEqual(["There is no flag gone."]);
  expect(messages(needs("a", "b"), flag({ variants: { off: false } }))).toEqual([
    expect.stringContaining("no variant on"),
  ]);
  expect(messages(needs("a", "b", { offVariant: null }), flag())).toEqual([expect.stringContaining("off-variant")]);
  expect(messages(needs("a", "b"), needs("b", "c"), needs("c", "a"))).toEqual([
    expect.stringContaining("a -> b -> c -> a"),
  ]);
  expect(messages(needs("a", "a"))).toEqual([expect.stringContaining("a -> a")]);
  const chain = Array.from({ length: 40 }, (_, n) => needs(`f${n}`, `f${n + 1}`));
  expect(messages(...chain, flag({ key: "f40" }))[0]).toContain("in a row");
});
