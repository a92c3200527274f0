/** Rules made into flagd's targeting: JSONLogic, in one form for each thing that can be said, so that it reads back. */
import type { Condition, Operator, Outcome, RuleSet } from "./model.ts";

const variable = (attribute: string) => ({ var: attribute });
const isSet = (attribute: string) => ({ "!==": [variable(attribute), null] });

/** flagd compares what is missing as 0: that would be less than everything. */
const compareWhereSet = (sign: string) => (attribute: string, value: unknown) => ({
  and: [isSet(attribute), { [sign]: [variable(attribute), value] }],
});

/** The sign of a wanted version and the version itself: `>=1.4.0`. Without a sign it is that very version. */
const splitVersion = (wanted: string): [string, string] => {
  const [, sign = "", version = ""] = /^\s*(>=|<=|!=|=|>|<|\^|~)?\s*(.*?)\s*$/.exec(wanted) ?? [];
  return [sign === "" ? "=" : sign, version];
};

// Strict comparisons: with the loose ones flagd gives up on the whole flag when a text is compared with a number.
const FORMS: Record<Operator, (attribute: string, value: unknown) => Record<string, unknown>> = {
  is: (attribute, value) => ({ "===": [variable(attribute), value] }),
  "is not": (attribute, value) => ({ "!==": [variable(attribute), value] }),
  "one of": (attribute, value) => ({ in: [variable(attribute), value] }),
  // Without a list around its argument, which tells it from `not` around `one of`.
  "none of": (attribute, value) => ({ "!": { in: [variable(attribute), value] } }),
  contains: (attribute, value) => ({ in: [value, variable(attribute)] }),
  "starts with": (attribute, value) => ({ starts_with: [variable(attribute), value] }),
  "ends with": (attribute, value) => ({ ends_with: [variable(attribute), value] }),
  "greater than": compareWhereSet(">"),
  "at least": compareWhereSet(">="),
  "less than": compareWhereSet("<"),
  "at most": compareWhereSet("<="),
  "matches version": (attribute, value) => {
    const [sign, version] = splitVersion(String(value));
    return { sem_ver: [variable(attribute), sign, version] };
  },
  "is set": isSet,
  "is not set": (attribute) => ({ "===": [variable(attribute), null] }),
};

export function buildCondition(condition: Condition): Record<string, unknown> {
  switch (condition.kind) {
    case "segment":
      return { $ref: condition.segment };
    case "all":
      return { and: condition.conditions.map(buildCondition) };
    case "any":
      return { or: condition.conditions.map(buildCondition) };
    case "not":
      return { "!": [buildCondition(condition.condition)] };
    case "compare":
      return FORMS[condition.operator](condition.attribute, condition.value);
  }
}

/** What shares go by is salted with the flag's key, so that it is not the same people who get every new thing first. */
function buildOutcome(outcome: Outcome): string | Record<string, unknown> {
  if (outcome.kind === "variant") return outcome.variant;
  const shares = outcome.weights.map(({ variant, weight }) => [variant, weight]);
  if (outcome.by === "targetingKey") return { fractional: shares };
  return { fractional: [{ cat: [variable("$flagd.flagKey"), variable(outcome.by)] }, ...shares] };
}

/** The targeting that does what the rules say. It is always what `parseTargeting` reads back. */
export function buildTargeting({ rules, otherwise }: RuleSet): Record<string, unknown> {
  const last = otherwise === null ? [] : [buildOutcome(otherwise)];
  if (rules.length === 0) {
    const [only] = last;
    if (only === undefined) return {};
    return typeof only === "string" ? { if: [only] } : only;
  }
  return {
    if: [
      ...rules.flatMap(({ when, give }) => [when === null ? true : buildCondition(when), buildOutcome(give)]),
      ...last,
    ],
  };
}
