/**
 * Why rules gave what they gave. Nothing is evaluated here: each condition and each share is put to the same engine as a flag
 * of its own, so that what is said is what it does.
 */
import { compileFlags, createFlagSet, type EvaluationContext, type SourceFlag, type TenantFacts } from "@kombify/flags";
import { saySegment, WHOLE } from "@kombify/flags/rules";
import type { Segments } from "./check-flags.ts";
import type { PlaygroundView } from "./schemas.ts";

export interface Situation {
  /** Shares are salted with it. */
  key: string;
  segments: Segments;
  facts: Pick<TenantFacts, "tenantId" | "tenant">;
  context: EvaluationContext;
}

export interface Explanation extends Pick<PlaygroundView, "steps" | "bucket"> {
  /** `rule-1` for the first, `default` for what is given when none holds. */
  ruleId: string;
}

type Logic = Record<string, unknown>;
type Bucket = NonNullable<PlaygroundView["bucket"]>;

/** What the engine gives here for a targeting with these variants; null for nothing. */
function ask({ key, segments, facts, context }: Situation, targeting: Logic, variants: string[]): string | null {
  const flag: SourceFlag = {
    ...{ key, state: "ENABLED", targeting, metadata: {}, defaultVariant: null, offVariant: null, prerequisites: [] },
    variants: Object.fromEntries(variants.map((name) => [name, name])),
    isKilled: false,
  };
  return createFlagSet(compileFlags({ flags: [flag], segments }, facts, {})).evaluate(key, context).variant ?? null;
}

const holds = (situation: Situation, condition: unknown): boolean =>
  ask(situation, { if: [condition, "yes"] }, ["yes"]) === "yes";

const operation = (logic: unknown): [string, unknown[]] | null => {
  if (typeof logic !== "object" || logic === null || Array.isArray(logic)) return null;
  const [entry] = Object.entries(logic);
  return entry ? [entry[0], Array.isArray(entry[1]) ? entry[1] : [entry[1]]] : null;
};

/** The attribute that a share goes by; as JSON what is more than one. */
function attributeOf(by: unknown): string {
  const [operator, args] = operation(by) ?? ["", []];
  const parts = operator === "cat" ? args.filter((part) => operation(part)?.[1][0] !== "$flagd.flagKey") : [by];
  const [name, ...more] = parts.map((part) => (operation(part)?.[0] === "var" ? operation(part)?.[1][0] : null));
  return typeof name === "string" && more.length === 0 ? name : JSON.stringify(by);
}

function textIn(context: EvaluationContext, attribute: string): string {
  const value = attribute
    .split(".")
    .reduce<unknown>((inner, name) => (inner as Record<string, unknown> | null | undefined)?.[name], context);
  return typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);
}

/** The place is found by asking on which side of a border it is, each time in the middle of where it may be. */
function placeOf(situation: Situation, by: unknown[]): number | null {
  const isBelow = (border: number): string | null =>
    ask(situation, { fractional: [...by, ["below", border], ["above", WHOLE - border]] }, ["below", "above"]);
  if (isBelow(WHOLE) !== "below") return null;
  let [low, high] = [0, WHOLE];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isBelow(middle) === "below") high = middle;
    else low = middle;
  }
  return low;
}

/** Null where the attribute is missing: no share decides then. */
function bucketOf(situation: Situation, args: unknown[]): Bucket | null {
  const isBare = Array.isArray(args[0]);
  const by = isBare ? [] : [args[0]];
  const shares = (isBare ? args : args.slice(1)).map((entry) => (Array.isArray(entry) ? entry : [entry]));
  const place = placeOf(situation, by);
  if (place === null) return null;
  const weights = shares.map(([, weight = 1]) => Math.max(0, Number(weight) || 0));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let below = 0;
  const ranges = shares.map(([variant], index) => {
    const from = below;
    below += weights[index] ?? 0;
    const scale = (weight: number) => Math.ceil((weight * WHOLE) / (total || 1));
    return {
      variant: typeof variant === "string" ? variant : JSON.stringify(variant),
      from: scale(from),
      to: scale(below),
    };
  });
  const attribute = isBare ? "targetingKey" : attributeOf(args[0]);
  return { attribute, value: textIn(situation.context, attribute), place, shares: ranges };
}

/**
 * @param targeting as it is written, segments and all.
 * @returns the conditions in the order in which they were looked at, up to the one that held, and the share that decided.
 */
export function explainTargeting(situation: Situation, targeting: Logic): Explanation {
  const names = { [situation.facts.tenantId]: situation.facts.tenant };
  const steps: Explanation["steps"] = [];
  /** Where it leads from a result: within it there may be conditions again, and shares. */
  const follow = (logic: unknown): { bucket: Bucket | null; branch: number | null } => {
    const [operator, args] = operation(logic) ?? ["", []];
    if (operator === "fractional") return { bucket: bucketOf(situation, args), branch: null };
    if (operator !== "if") return { bucket: null, branch: null };
    for (let index = 0; index + 1 < args.length; index += 2) {
      const isMet = holds(situation, args[index]);
      steps.push({ words: saySegment(args[index] as Logic, names), holds: isMet });
      if (isMet) return { bucket: follow(args[index + 1]).bucket, branch: index / 2 + 1 };
    }
    return { bucket: args.length % 2 === 1 ? follow(args.at(-1)).bucket : null, branch: null };
  };
  const { bucket, branch } = follow(targeting);
  return { steps, bucket, ruleId: branch === null ? "default" : `rule-${branch}` };
}
