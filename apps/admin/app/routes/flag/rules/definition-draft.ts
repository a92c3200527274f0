/** A flag as it is stored, as a draft of the editor. */
import type { FlagView } from "@kombify/api/schemas";
import { buildCondition, type Outcome, parseTargeting, type Rule } from "@kombify/flags/rules";
import { formOf } from "../../../flags/condition-form.ts";
import type { Draft, OutcomeDraft, RuleDraft, VariantDraft } from "./draft.ts";
import { percentText } from "./weights.ts";

type Subject = Pick<FlagView, "type" | "version"> & {
  definition: Pick<
    FlagView["definition"],
    "state" | "variants" | "defaultVariant" | "offVariant" | "prerequisites" | "targeting"
  >;
};

export function draftOf({ type, version, definition }: Subject): Draft {
  const variants = Object.entries(definition.variants).map(([name, value], at) => ({
    id: `v${at + 1}`,
    name,
    value: valueText(value),
  }));
  const ruleSet = parseTargeting(definition.targeting);
  const idOf = (name: string | null) => variants.find((variant) => variant.name === name)?.id ?? "";
  return {
    version,
    type,
    isEnabled: definition.state === "ENABLED",
    variants,
    defaultVariant: idOf(definition.defaultVariant),
    offVariant: idOf(definition.offVariant),
    prerequisites: definition.prerequisites.map((each, at) => ({
      id: `p${at + 1}`,
      flag: each.flag,
      variants: each.variants.join(", "),
    })),
    mode: ruleSet === null ? "json" : "rules",
    rules: (ruleSet?.rules ?? []).map((rule, at) => ruleDraft(rule, `r${at + 1}`, variants)),
    otherwise: ruleSet?.otherwise ? outcomeDraft(ruleSet.otherwise, variants) : null,
    targeting: JSON.stringify(definition.targeting, null, 2),
  };
}

/** How a variant's value is typed: text as it is, everything else as JSON. */
const valueText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

function ruleDraft({ when, give }: Rule, id: string, variants: VariantDraft[]): RuleDraft {
  const draft = { id, when, give: outcomeDraft(give, variants) };
  if (when === null || formOf(when) !== null) return draft;
  return { ...draft, json: JSON.stringify(buildCondition(when), null, 2) };
}

function outcomeDraft(outcome: Outcome, variants: VariantDraft[]): OutcomeDraft {
  const idOf = (name: string) => variants.find((variant) => variant.name === name)?.id ?? "";
  if (outcome.kind === "variant")
    return { kind: "variant", variant: idOf(outcome.variant), by: "tenantId", weights: {} };
  const weights = outcome.weights.map(({ variant, weight }) => [idOf(variant), percentText(weight)] as const);
  return { kind: "split", variant: "", by: outcome.by, weights: Object.fromEntries(weights) };
}
