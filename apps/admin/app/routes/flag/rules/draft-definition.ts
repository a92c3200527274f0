/** A draft as the flag that it would become, with everything that is wrong beside its field. */
import type { FlagView } from "@kombify/api/schemas";
import { buildTargeting, type Condition, type Outcome, parseCondition, type RuleSet } from "@kombify/flags/rules";
import { type Draft, type OutcomeDraft, type RuleDraft, shareOrder } from "./draft.ts";
import type { Problem } from "./read-draft.ts";
import { sumProblem, weightOf } from "./weights.ts";

type Definition = FlagView["definition"];
type DraftPart = Pick<
  Definition,
  "state" | "variants" | "defaultVariant" | "offVariant" | "prerequisites" | "targeting"
>;
type Json = Definition["variants"][string];

const NAME = /^[A-Za-z0-9][\w.-]{0,49}$/;

/** What the editor edits of a flag; the rest of its definition is not the editor's. */
export function definitionOf(draft: Draft): { part: DraftPart; problems: Problem[] } {
  const problems: Problem[] = [];
  const complain = (path: string, message: string) => void problems.push({ path, message });
  const nameOf = (id: string) => draft.variants.find((variant) => variant.id === id)?.name.trim() || null;
  const part: DraftPart = {
    state: draft.isEnabled ? "ENABLED" : "DISABLED",
    variants: variantsOf(draft, complain),
    defaultVariant: nameOf(draft.defaultVariant),
    offVariant: nameOf(draft.offVariant),
    prerequisites: draft.prerequisites.map(({ id, flag, variants }) => {
      const names = variants
        .split(",")
        .map((name) => name.trim())
        .filter((name) => name !== "");
      if (flag.trim() === "") complain(`prerequisite.${id}.flag`, "Say which flag.");
      if (names.length === 0) complain(`prerequisite.${id}.variants`, "Say which of its variants, such as on.");
      return { flag: flag.trim(), variants: names };
    }),
    targeting: draft.mode === "json" ? targetingOf(draft.targeting, complain) : builtFrom(draft, complain),
  };
  return { part, problems };
}

type Complain = (path: string, message: string) => void;

function variantsOf({ variants, type }: Draft, complain: Complain): Definition["variants"] {
  if (variants.length === 0) complain("add-variant", "A flag needs a variant.");
  const names = new Set<string>();
  const entries = variants.map(({ id, name: typed, value: text }) => {
    const name = typed.trim();
    if (!NAME.test(name))
      complain(`variant.${id}.name`, "Use up to 50 letters, digits, dots, dashes and underscores, such as on.");
    else if (names.has(name)) complain(`variant.${id}.name`, `There are two variants ${name}.`);
    names.add(name);
    const value = typedValue(type, text);
    if (value === undefined) complain(`variant.${id}.value`, VALUE_WORDS[type]);
    return [name, value ?? null] as const;
  });
  return Object.fromEntries(entries);
}

const VALUE_WORDS = {
  boolean: "Choose true or false.",
  string: "Enter a text.",
  number: "Enter a number, such as 5 or 0.25.",
  object: 'Enter JSON, such as {"limit": 5}.',
};

function typedValue(type: Draft["type"], text: string): Json | undefined {
  if (type === "string") return text;
  const value = jsonOf(text);
  return (type === "object" ? typeof value === "object" && value !== null : typeof value === type) ? value : undefined;
}

function jsonOf(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function targetingOf(text: string, complain: Complain): Definition["targeting"] {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Definition["targeting"];
    complain("targeting", "Targeting is one object, such as {}.");
  } catch (error) {
    complain("targeting", `This is not JSON: ${error instanceof Error ? error.message : "it cannot be read"}.`);
  }
  return {};
}

function builtFrom(draft: Draft, complain: Complain): Definition["targeting"] {
  const ruleSet: RuleSet = {
    rules: draft.rules.map((rule) => ({
      when: conditionOf(rule, complain),
      give: outcomeOf(draft, rule.give, rule.id, complain),
    })),
    otherwise: draft.otherwise && outcomeOf(draft, draft.otherwise, "otherwise", complain),
  };
  return buildTargeting(ruleSet) as Definition["targeting"];
}

function conditionOf({ id, when, json }: RuleDraft, complain: Complain): Condition | null {
  if (json === undefined) return when;
  const condition = parseCondition(JSON.parse(json));
  if (condition === null)
    complain(`${id}.when.json`, "This is more than a rule's condition can be. Edit the whole targeting as JSON.");
  return condition;
}

function outcomeOf({ variants }: Draft, give: OutcomeDraft, path: string, complain: Complain): Outcome {
  if (give.kind === "variant") {
    const variant = variants.find(({ id }) => id === give.variant)?.name.trim();
    if (variant === undefined) complain(`${path}.variant`, "Choose what it gives.");
    return { kind: "variant", variant: variant ?? "" };
  }
  const shares = shareOrder(give, variants).map(({ id, name }) => {
    const typed = give.weights[id] ?? "";
    const weight = weightOf(typed);
    if (weight === null) complain(`${path}.weight.${id}`, "Enter percent with at most three decimals, such as 12.5.");
    return { variant: name.trim(), weight, isTyped: typed.trim() !== "" };
  });
  const read = shares.flatMap(({ weight }) => (weight === null ? [] : [weight]));
  const sum = sumProblem(read);
  if (sum !== null && read.length === shares.length) complain(`${path}.shares`, sum);
  const by = give.by.trim();
  if (by === "") complain(`${path}.by`, "Say by which attribute, such as tenantId.");
  // A share of 0 that somebody typed keeps its place: raised again, it takes the same people.
  const weights = shares.filter(({ isTyped }) => isTyped);
  return { kind: "split", by, weights: weights.map(({ variant, weight }) => ({ variant, weight: weight ?? 0 })) };
}
