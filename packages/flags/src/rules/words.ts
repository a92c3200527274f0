/**
 * Targeting in words. What is said is read off the logic itself, so that it is true of what was written by hand too; what has
 * no words is shown as it is.
 */
import { buildCondition, buildTargeting } from "./build.ts";
import { isEqualJson, isRecord } from "./json.ts";
import type { Condition, RuleSet } from "./model.ts";

/** What to call a value, such as the id of a tenant. */
export type Names = Readonly<Record<string, string>>;

const GROUPS: Record<string, string> = {
  tenantId: "homelabs",
  tenant: "homelabs",
  userId: "users",
  instance: "instances",
  targetingKey: "callers",
};
const SIGNS: Record<string, string> = {
  "==": "is",
  "===": "is",
  "!=": "is not",
  "!==": "is not",
  ">": "is greater than",
  ">=": "is at least",
  "<": "is less than",
  "<=": "is at most",
  starts_with: "starts with",
  ends_with: "ends with",
};
const VERSIONS: Record<string, string> = {
  "=": "is version",
  "!=": "is not version",
  ">": "is newer than",
  ">=": "is at least",
  "<": "is older than",
  "<=": "is at most",
  "^": "has the same first number as",
  "~": "has the same first two numbers as",
};

const operation = (logic: unknown): [string, unknown] | null =>
  isRecord(logic) ? (Object.entries(logic)[0] ?? null) : null;

function sayValue(value: unknown, names: Names): string {
  const [operator, name] = operation(value) ?? [];
  if (operator === "var" && typeof name === "string") return name;
  if (typeof value === "string")
    return Object.hasOwn(names, value)
      ? (names[value] ?? value)
      : /^\S(.*\S)?$/.test(value)
        ? value
        : JSON.stringify(value);
  return JSON.stringify(value);
}

const sayList = (values: unknown[], names: Names): string =>
  values.length === 0 ? "nothing" : values.map((value) => sayValue(value, names)).join(", ");

/** `a is set and a > 1`: the first is understood. */
function withoutGuard(items: unknown[]): unknown[] {
  const [guard, comparison] = items;
  const [, args] = operation(comparison) ?? [];
  const isGuarded = items.length === 2 && Array.isArray(args) && isEqualJson(guard, { "!==": [args[0], null] });
  return isGuarded && [">", ">=", "<", "<="].includes(operation(comparison)?.[0] ?? "") ? [comparison] : items;
}

function sayJoined(items: unknown[], word: string, names: Names): string {
  if (items.length === 1) return sayLogic(items[0], names);
  return items
    .map((item) => {
      const words = sayLogic(item, names);
      const [operator, args] = operation(item) ?? [];
      const isJoined =
        (operator === "and" || operator === "or") && Array.isArray(args) && withoutGuard(args).length > 1;
      return isJoined ? `(${words})` : words;
    })
    .join(` ${word} `);
}

function sayIn([item, list]: unknown[], isIn: boolean, names: Names): string {
  if (Array.isArray(list)) return `${sayValue(item, names)} is ${isIn ? "one" : "none"} of ${sayList(list, names)}`;
  return `${sayValue(list, names)} ${isIn ? "contains" : "does not contain"} ${sayValue(item, names)}`;
}

function sayLogic(logic: unknown, names: Names): string {
  if (logic === true) return "always";
  if (logic === false || logic === null) return "never";
  const [operator = "", args] = operation(logic) ?? [];
  const items = Array.isArray(args) ? args : [args];
  const [left, right, third] = items;
  if (operator === "$ref") return `in segment ${String(args)}`;
  if (operator === "and") return sayJoined(withoutGuard(items), "and", names);
  if (operator === "or") return sayJoined(items, "or", names);
  if (operator === "!") {
    const [inner, innerArgs] = operation(left) ?? [];
    if (inner === "in" && Array.isArray(innerArgs)) return sayIn(innerArgs, false, names);
    return `not (${sayLogic(left, names)})`;
  }
  if (operator === "in" && items.length === 2) return sayIn(items, true, names);
  if (operator === "sem_ver" && typeof right === "string")
    return `${sayValue(left, names)} ${VERSIONS[right] ?? right} ${sayValue(third, names)}`;
  if (items.length === 2 && right === null && /^[!=]==?$/.test(operator))
    return `${sayValue(left, names)} ${operator.startsWith("!") ? "is set" : "is not set"}`;
  const sign = SIGNS[operator];
  if (sign !== undefined && items.length === 2) return `${sayValue(left, names)} ${sign} ${sayValue(right, names)}`;
  return JSON.stringify(logic);
}

/** Of 100,000 there are no more than three decimals. */
const sayPercentage = (share: number): string => `${Number((share * 100).toFixed(3))} %`;

function sayGroup(bucket: unknown): string {
  const [operator, args] = operation(bucket) ?? [];
  const parts = operator === "cat" && Array.isArray(args) ? args : [bucket];
  const names = parts.filter((part) => !isEqualJson(part, { var: "$flagd.flagKey" })).map((part) => sayValue(part, {}));
  const [name = "", ...more] = names;
  return more.length === 0 && GROUPS[name] ? GROUPS[name] : `values of ${names.join(" with ")}`;
}

function sayShares(args: unknown[], names: Names): string {
  const isBare = Array.isArray(args[0]);
  const shares = (isBare ? args : args.slice(1)).map((entry) => (Array.isArray(entry) ? entry : [entry]));
  const weights = shares.map(([, weight = 1]) => weight);
  if (!weights.every((weight) => typeof weight === "number")) return JSON.stringify({ fractional: args });
  const sum = weights.reduce((total, weight) => total + Math.max(0, weight), 0) || 1;
  const group = isBare ? "callers" : sayGroup(args[0]);
  return shares
    .map(([given], index) => {
      const percentage = sayPercentage(Math.max(0, weights[index] ?? 0) / sum);
      return `${percentage}${index === 0 ? ` of ${group} get` : ""} ${sayOutcome(given, names)}`;
    })
    .join(", ");
}

function sayOutcome(result: unknown, names: Names): string {
  if (result === null || result === undefined) return "the default variant";
  if (typeof result !== "object") return String(result);
  const [operator, args] = operation(result) ?? [];
  if (operator === "fractional" && Array.isArray(args)) return sayShares(args, names);
  if (operator === "if" && Array.isArray(args)) return `(${sayBranches(args, names).join("; ")})`;
  return `what this gives: ${JSON.stringify(result)}`;
}

function sayBranches(args: unknown[], names: Names): string[] {
  const lines: string[] = [];
  for (let index = 0; index + 1 < args.length; index += 2) {
    const outcome = sayOutcome(args[index + 1], names);
    lines.push(args[index] === true ? `Everybody: ${outcome}` : `If ${sayLogic(args[index], names)}: ${outcome}`);
    if (args[index] === true) return lines;
  }
  const last = args.length % 2 === 1 ? args.at(-1) : null;
  return [...lines, `${lines.length === 0 ? "Everybody" : "Otherwise"}: ${sayOutcome(last, names)}`];
}

/** A line for each rule, in their order. */
export function sayTargeting(targeting: Record<string, unknown>, names: Names = {}): string[] {
  const [operator, args] = operation(targeting) ?? [];
  if (operator === undefined) return ["Everybody: the default variant"];
  if (operator === "if" && Array.isArray(args)) return sayBranches(args, names);
  return [`Everybody: ${sayOutcome(targeting, names)}`];
}

export const sayRuleSet = (rules: RuleSet, names: Names = {}): string[] => sayTargeting(buildTargeting(rules), names);

export const sayCondition = (condition: Condition, names: Names = {}): string =>
  sayLogic(buildCondition(condition), names);

/** A condition as JSONLogic, such as that of a segment. */
export const saySegment = (logic: unknown, names: Names = {}): string => sayLogic(logic, names);
