import { buildTargeting, type RuleSet } from "@kombify/flags/rules";
import { expect, test } from "vitest";
import { asJson, asRules } from "./change-mode.ts";
import { draftOf } from "./definition-draft.ts";
import { definitionOf } from "./draft-definition.ts";
import { editDraft } from "./edit-draft.ts";

const split = (weights: [string, number][]) =>
  ({
    kind: "split",
    by: "tenantId",
    weights: weights.map(([variant, weight]) => ({ variant, weight })),
  }) as const;
const isPro = { kind: "compare", attribute: "plan", operator: "is", value: "pro" } as const;
const RULES: RuleSet = {
  rules: [
    // Deeper than lines can say, so that it is edited as JSON.
    {
      when: {
        kind: "not",
        condition: {
          kind: "all",
          conditions: [
            isPro,
            {
              kind: "not",
              condition: { kind: "any", conditions: [isPro, { kind: "all", conditions: [isPro, isPro] }] },
            },
          ],
        },
      },
      give: { kind: "variant", variant: "on" },
    },
    // The shares stand in another order than the variants do.
    {
      when: isPro,
      give: split([
        ["off", 66_667],
        ["on", 33_333],
        ["gone", 0],
      ]),
    },
  ],
  otherwise: split([["gone", 100_000]]),
};
const flagWith = (targeting: Record<string, unknown>) => ({
  type: "boolean" as const,
  version: 3,
  definition: {
    state: "ENABLED" as const,
    variants: { on: true, off: false, gone: false },
    defaultVariant: "off",
    offVariant: null,
    prerequisites: [{ flag: "base", variants: ["on", "beta"] }],
    targeting: targeting as Record<string, never>,
  },
});

test("what is opened and saved untouched is the same flag, the order of its shares included", () => {
  for (const targeting of [{}, buildTargeting(RULES), { "==": [1, { var: "mine" }] }]) {
    const flag = flagWith(targeting);
    const { part, problems } = definitionOf(draftOf(flag));
    expect(problems).toEqual([]);
    expect(part).toEqual(flag.definition);
    expect(JSON.stringify(part.targeting)).toBe(JSON.stringify(flag.definition.targeting));
  }
});

test("rules become JSON and rules again; what is more than rules stays JSON and says so", () => {
  const draft = draftOf(flagWith(buildTargeting(RULES)));
  expect(draft.mode).toBe("rules");
  const { draft: written } = asJson(draft);
  expect(written.mode).toBe("json");
  expect(JSON.parse(written.targeting)).toEqual(buildTargeting(RULES));
  expect(definitionOf(asRules(written).draft).part.targeting).toEqual(buildTargeting(RULES));
  const byHand = draftOf(flagWith({ "==": [1, { var: "mine" }] }));
  expect(byHand.mode).toBe("json");
  expect(asRules(byHand).problems[0]?.message).toContain("more than rules can say");
});

test("rules move, and a variant that is renamed keeps its places while one that is removed has to be replaced", () => {
  const draft = draftOf(flagWith(buildTargeting(RULES)));
  expect(editDraft(draft, "up:r2").rules.map(({ id }) => id)).toEqual(["r2", "r1"]);
  expect(editDraft(draft, "up:r1").rules.map(({ id }) => id)).toEqual(["r1", "r2"]);
  expect(editDraft(draft, "add-rule").rules.at(-1)).toMatchObject({ id: "r3", when: null });
  const renamed = { ...draft, variants: draft.variants.map((each) => ({ ...each, name: `new-${each.name}` })) };
  expect(JSON.stringify(definitionOf(renamed).part.targeting)).toContain("new-on");
  const without = editDraft(draft, "remove-variant:v1");
  expect(definitionOf(without).problems.map(({ path }) => path)).toEqual(["r1.variant", "r2.shares"]);
});

test("shares that are not the whole, values of another type and JSON that is none are told beside their fields", () => {
  const draft = draftOf(flagWith(buildTargeting(RULES)));
  const [first] = draft.variants;
  const wrong = {
    ...draft,
    variants: [{ ...first!, value: "maybe" }, ...draft.variants.slice(1)],
    otherwise: { kind: "split" as const, variant: "", by: "tenantId", weights: { v1: "12.3456", v2: "50" } },
  };
  expect(definitionOf(wrong).problems.map(({ path }) => path)).toEqual(["variant.v1.value", "otherwise.weight.v1"]);
  const { problems } = definitionOf({ ...draft, mode: "json", targeting: "{if: }" });
  expect(problems[0]).toMatchObject({ path: "targeting", message: expect.stringContaining("not JSON") });
});
