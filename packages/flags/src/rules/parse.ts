/** Targeting read as rules: what rules can say without a loss, and nothing else. */
import { buildTargeting } from "./build.ts";
import { isEqualJson, isRecord } from "./json.ts";
import type { Condition, Operator, Outcome, Rule, RuleSet } from "./model.ts";
import { WHOLE } from "./model.ts";

/** Logic that is more than rules can say. */
class NoRule extends Error {}

type Scalar = string | number | boolean;
const isScalar = (value: unknown): value is Scalar => ["string", "number", "boolean"].includes(typeof value);
const isScalarList = (value: unknown): value is Scalar[] => Array.isArray(value) && value.every(isScalar);

function only(logic: unknown): [operator: string, args: unknown] {
  const [entry, ...more] = isRecord(logic) ? Object.entries(logic) : [];
  if (!entry || more.length > 0) throw new NoRule();
  return entry;
}

function listOf(args: unknown, length?: number): unknown[] {
  if (!Array.isArray(args) || (length !== undefined && args.length !== length)) throw new NoRule();
  return args;
}

function attributeOf(logic: unknown): string {
  const [operator, name] = only(logic);
  if (operator !== "var" || typeof name !== "string" || name === "") throw new NoRule();
  return name;
}

const BY_SIGN: Record<string, Operator> = {
  "===": "is",
  "!==": "is not",
  ">": "greater than",
  ">=": "at least",
  "<": "less than",
  "<=": "at most",
  starts_with: "starts with",
  ends_with: "ends with",
};

function readComparison(operator: string, args: unknown): Condition {
  const compare = (logic: unknown, name: Operator, value: Scalar | Scalar[] | null): Condition => ({
    kind: "compare",
    attribute: attributeOf(logic),
    operator: name,
    value,
  });
  if (operator === "sem_ver") {
    const [left, sign, version] = listOf(args, 3);
    return compare(left, "matches version", `${String(sign)}${String(version)}`);
  }
  const [left, right] = listOf(args, 2);
  if (operator === "in" && isScalarList(right)) return compare(left, "one of", right);
  if (operator === "in" && isScalar(left)) return compare(right, "contains", left);
  if (right === null && operator === "!==") return compare(left, "is set", null);
  if (right === null && operator === "===") return compare(left, "is not set", null);
  const name = BY_SIGN[operator];
  if (name === undefined || !isScalar(right)) throw new NoRule();
  return compare(left, name, right);
}

const isOrder = (operator: string): boolean => [">", ">=", "<", "<="].includes(operator);

/** `a is set and a > 1`, which is how an order is built. */
function readGuardedOrder(items: unknown[]): Condition | null {
  const [, comparison] = items;
  if (items.length !== 2 || !isRecord(comparison)) return null;
  const [operator = ""] = Object.keys(comparison);
  return isOrder(operator) ? readComparison(operator, comparison[operator]) : null;
}

function readCondition(logic: unknown): Condition {
  const [operator, args] = only(logic);
  if (operator === "$ref" && typeof args === "string") return { kind: "segment", segment: args };
  if (operator === "and" || operator === "or") {
    const items = listOf(args);
    const order = operator === "and" ? readGuardedOrder(items) : null;
    return order ?? { kind: operator === "and" ? "all" : "any", conditions: items.map(readCondition) };
  }
  if (operator === "!" && Array.isArray(args)) return { kind: "not", condition: readCondition(listOf(args, 1)[0]) };
  if (operator === "!") {
    const inner = readCondition(args);
    if (inner.kind !== "compare" || inner.operator !== "one of") throw new NoRule();
    return { ...inner, operator: "none of" };
  }
  return readComparison(operator, args);
}

function readOutcome(logic: unknown): Outcome {
  if (typeof logic === "string") return { kind: "variant", variant: logic };
  const [operator, args] = only(logic);
  if (operator !== "fractional") throw new NoRule();
  const [first, ...rest] = listOf(args);
  const salted = isRecord(first) && Array.isArray(first.cat) ? first.cat[1] : null;
  const by = Array.isArray(first) ? "targetingKey" : attributeOf(salted);
  const weights = (Array.isArray(first) ? [first, ...rest] : rest).map((share) => {
    const [variant, weight] = listOf(share, 2);
    if (typeof variant !== "string" || typeof weight !== "number") throw new NoRule();
    return { variant, weight };
  });
  if (weights.reduce((sum, { weight }) => sum + weight, 0) !== WHOLE) throw new NoRule();
  return { kind: "split", by, weights };
}

function readRules(targeting: Record<string, unknown>): RuleSet {
  if (Object.keys(targeting).length === 0) return { rules: [], otherwise: null };
  const [operator, args] = only(targeting);
  if (operator !== "if") return { rules: [], otherwise: readOutcome(targeting) };
  const items = listOf(args);
  const pairs = Math.floor(items.length / 2);
  const rules = Array.from({ length: pairs }, (_, index): Rule => {
    const when = items[2 * index];
    return { when: when === true ? null : readCondition(when), give: readOutcome(items[2 * index + 1]) };
  });
  return { rules, otherwise: items.length % 2 === 1 ? readOutcome(items.at(-1)) : null };
}

/** The rules that a targeting is, or null: written by hand, it says more than rules can, and is edited as JSON. */
export function parseTargeting(targeting: Record<string, unknown>): RuleSet | null {
  try {
    const rules = readRules(targeting);
    return isEqualJson(buildTargeting(rules), targeting) ? rules : null;
  } catch (error) {
    if (error instanceof NoRule || error instanceof RangeError) return null;
    throw error;
  }
}

/** The same for the logic of a segment. */
export function parseCondition(logic: Record<string, unknown>): Condition | null {
  const rules = parseTargeting({ if: [logic, "on"] });
  return rules?.rules[0]?.when ?? null;
}
