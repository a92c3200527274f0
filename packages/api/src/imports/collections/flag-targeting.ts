/**
 * Old rules as flagd's targeting. What rules and a percentage mean together was never written down there, so the narrower
 * reading is taken: on for those who match a rule, and of them for the percentage. A flag that comes over may reach fewer
 * people than before, never more.
 */
import { z } from "zod";

/** Weights are whole numbers; with this sum a thousandth of a percent can be said. */
const WHOLE = 100_000;

type Logic = Record<string, unknown>;
type Say = (attribute: { var: string }, value: unknown) => Logic;

const anyOf: Say = (attribute, value) => ({ in: [attribute, Array.isArray(value) ? value : [value]] });
const holds: Say = (attribute, value) => ({ in: [value, attribute] });

/** What an operator of the old rules is in JSONLogic, by every name that it went by. */
const OPERATORS: Readonly<Record<string, Say>> = {
  ...Object.fromEntries(["eq", "equals", "==", "=", "is"].map((name) => [name, (a, v) => ({ "==": [a, v] })] as const)),
  ...Object.fromEntries(
    ["neq", "ne", "!=", "notequals", "isnot"].map((name) => [name, (a, v) => ({ "!=": [a, v] })] as const),
  ),
  ...Object.fromEntries(["gt", ">"].map((name) => [name, (a, v) => ({ ">": [a, v] })] as const)),
  ...Object.fromEntries(["gte", ">="].map((name) => [name, (a, v) => ({ ">=": [a, v] })] as const)),
  ...Object.fromEntries(["lt", "<"].map((name) => [name, (a, v) => ({ "<": [a, v] })] as const)),
  ...Object.fromEntries(["lte", "<="].map((name) => [name, (a, v) => ({ "<=": [a, v] })] as const)),
  in: anyOf,
  oneof: anyOf,
  notin: (attribute, value) => ({ "!": [anyOf(attribute, value)] }),
  contains: holds,
  startswith: (attribute, value) => ({ starts_with: [attribute, value] }),
  endswith: (attribute, value) => ({ ends_with: [attribute, value] }),
};

const ruleSchema = z
  .looseObject({
    attribute: z.string().optional(),
    field: z.string().optional(),
    operator: z.string().optional(),
    op: z.string().optional(),
    value: z.unknown().optional(),
    values: z.array(z.unknown()).optional(),
  })
  .transform((rule, ctx): Logic => {
    const attribute = rule.attribute ?? rule.field;
    const operator = rule.operator ?? rule.op ?? (rule.values ? "in" : "eq");
    const say = Object.hasOwn(OPERATORS, operatorName(operator)) ? OPERATORS[operatorName(operator)] : undefined;
    const value = rule.values ?? rule.value;
    if (attribute && say && value !== undefined) return say({ var: attribute }, value);
    const message =
      attribute && value !== undefined
        ? `has the operator "${operator}", which cannot be said here`
        : "has no attribute or no value";
    ctx.addIssue({ code: "custom", message });
    return z.NEVER;
  });

const operatorName = (operator: string): string => operator.toLowerCase().replaceAll(/[_\- ]/g, "");

/** A list of rules of which any may match, or JSONLogic, which is taken as the condition. */
export const rulesSchema = z.union([z.array(ruleSchema).max(100), z.record(z.string(), z.unknown())], {
  error: (issue) =>
    (issue.code === "invalid_union" && issue.errors.flat().find(({ code }) => code === "custom")?.message) ||
    "must be a list of rules or JSONLogic",
});

/** The share of those asked, in percent, that gets `on`. */
const shareOf = (percent: number): Logic => {
  const on = Math.round((percent / 100) * WHOLE);
  return {
    fractional: [
      ["on", on],
      ["off", WHOLE - on],
    ],
  };
};

/** Default variant and targeting of a flag with the variants `on` and `off`. */
export function targetingOf(
  rules: z.output<typeof rulesSchema>,
  percent: number,
): { defaultVariant: "on" | "off"; targeting: Logic } {
  const conditions = Array.isArray(rules) ? rules : Object.keys(rules).length > 0 ? [rules] : [];
  const matched = percent >= 100 ? "on" : percent <= 0 ? "off" : shareOf(percent);
  if (conditions.length === 0)
    return typeof matched === "string"
      ? { defaultVariant: matched as "on" | "off", targeting: {} }
      : { defaultVariant: "off", targeting: matched };
  const condition = conditions.length === 1 ? conditions[0] : { or: conditions };
  return { defaultVariant: "off", targeting: { if: [condition, matched, "off"] } };
}
