import type { CompiledFlag } from "@kombify/agent-contract";
import { expect, test } from "vitest";
import { explain } from "./explain.ts";
import { buildTargeting } from "./rules/index.ts";

const flag = (targeting: unknown, changes: Partial<CompiledFlag> = {}): CompiledFlag => ({
  state: "ENABLED",
  variants: { on: true, off: false },
  defaultVariant: "off",
  targeting: targeting as CompiledFlag["targeting"],
  ...changes,
});
const split = buildTargeting({
  rules: [],
  otherwise: {
    kind: "split",
    by: "userId",
    weights: [
      { variant: "on", weight: 25_000 },
      { variant: "off", weight: 75_000 },
    ],
  },
});
const isPro = { "===": [{ var: "plan" }, "pro"] };
const isAcme = { in: [{ var: "tenant" }, ["acme"]] };

test("says which conditions were looked at, and which one held", () => {
  const rules = { if: [isAcme, "off", isPro, "on", "off"] };
  const explanation = explain({ f: flag(rules) }, "f", { plan: "pro", tenant: "bolt" });
  expect(explanation).toMatchObject({
    decidedBy: "rule-2",
    words: "If plan is pro: on",
    steps: [
      { words: "tenant is one of acme", holds: false },
      { words: "plan is pro", holds: true },
    ],
    bucket: null,
  });
  expect(explain({ f: flag(rules) }, "f", {})).toMatchObject({ decidedBy: "default", words: "Otherwise: off" });
});

test("explains what staff wrote where the document has it settled", () => {
  const written = { targeting: { if: [{ $ref: "own" }, "on"] }, segments: { own: isAcme } };
  const explanation = explain({ f: flag({ if: [true, "on"] }) }, "f", { tenant: "acme" }, written);
  expect(explanation).toMatchObject({ decidedBy: "rule-1", words: "If in segment own: on", steps: [{ holds: true }] });
});

test("the place that it shows is the one that decides", () => {
  for (let n = 0; n < 40; n++) {
    const { evaluation, bucket } = explain({ f: flag({ if: [true, split] }) }, "f", { userId: `u${n}` });
    expect(bucket).toMatchObject({ attribute: "userId", value: `u${n}` });
    const share = bucket?.shares.find(({ from, to }) => bucket.place >= from && bucket.place < to);
    expect(share?.variant).toBe(evaluation.variant);
  }
  expect(explain({ f: flag(split) }, "f", {}).bucket).toBeNull();
});

test.each<[string, Record<string, CompiledFlag>]>([
  ["disabled", { f: flag({}, { state: "DISABLED" }) }],
  ["killed", { f: flag(undefined, { metadata: { decidedBy: "killed" } }) }],
  ["override", { f: flag(undefined, { metadata: { decidedBy: "override" } }) }],
  ["prerequisite", { f: flag({}, { offVariant: "off", prerequisites: [{ flag: "p", variants: ["on"] }] }) }],
  ["error", { f: flag({ if: [true, "nowhere"] }) }],
  ["default", { f: flag({}) }],
  ["error", {}],
])("%s is what decided", (decidedBy, flags) => {
  const explanation = explain(flags, "f", { userId: "u" });
  expect(explanation.decidedBy).toBe(decidedBy);
  expect(explanation.words).not.toBe("");
});
