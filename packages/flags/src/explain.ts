/** Why somebody gets what they get: for the playground, by the engine that answers everybody else. */
import type { CompiledFlag, CompiledFlags } from "@kombify/agent-contract";
import type { EvaluationContext } from "./context.ts";
import { createFlagSet, type Evaluation } from "./evaluate.ts";
import { argumentsOf, attributeOf, isObject, operationOf } from "./logic.ts";
import { saySegment, sayTargeting, WHOLE } from "./rules/index.ts";
import { writeOutSegments } from "./segments.ts";

export interface Explanation {
  evaluation: Evaluation;
  /** `disabled`, `killed`, `prerequisite`, `override`, `rule-1` and so on, `default`, or `error`. */
  decidedBy: string;
  words: string;
  /** Conditions in the order in which they were looked at, down to the one that held. */
  steps: { words: string; holds: boolean }[];
  /** Where a share decided. */
  bucket: Bucket | null;
}

export interface Bucket {
  attribute: string;
  value: string;
  /** Which of 100,000 places it fell on. */
  place: number;
  /** Places from the first up to, and without, the last. */
  shares: { variant: string; from: number; to: number }[];
}

/** What flagd gives for a targeting of its own; the flag's key is part of what shares go by. */
function askFlagd(key: string, targeting: unknown, context: EvaluationContext): string | undefined {
  const flag = {
    state: "ENABLED",
    variants: { yes: true, no: false },
    defaultVariant: "no",
    targeting,
  } as CompiledFlag;
  return createFlagSet({ [key]: flag }).evaluate(key, context).variant;
}

/** The text that shares go by, where it is put together of attributes. */
function readBucketValue(bucket: unknown, context: EvaluationContext): { attribute: string; value: string } | null {
  const parts = operationOf(bucket)?.operator === "cat" ? argumentsOf(operationOf(bucket)?.args) : [bucket];
  const names = parts.flatMap((part) => attributeOf(part) ?? []).filter((name) => !name.startsWith("$flagd."));
  const values = names.map((name) =>
    name.split(".").reduce<unknown>((at, step) => (isObject(at) ? at[step] : null), context),
  );
  if (names.length === 0 || values.some((value) => value === null || value === undefined)) return null;
  return { attribute: names.join(" "), value: values.join(" ") };
}

/** By halving: is it among the first n of all places? */
function findPlace(key: string, bucket: unknown[], context: EvaluationContext): number {
  let [from, to] = [0, WHOLE];
  while (to - from > 1) {
    const middle = (from + to) >> 1;
    const shares = [...bucket, ["yes", middle], ["no", WHOLE - middle]];
    if (askFlagd(key, { fractional: shares }, context) === "yes") to = middle;
    else from = middle;
  }
  return from;
}

function explainShares(key: string, args: unknown[], context: EvaluationContext): Bucket | null {
  const isBare = Array.isArray(args[0]);
  const bucket = isBare ? [] : [args[0]];
  const by = readBucketValue(isBare ? { var: "targetingKey" } : args[0], context);
  const entries = args.slice(bucket.length).map((entry) => argumentsOf(entry));
  const weights = entries.map(([, weight = 1]) => (typeof weight === "number" ? Math.max(0, weight) : Number.NaN));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!by || !(total > 0)) return null;
  let from = 0;
  const shares = entries.map(([variant], index) => {
    const start = from;
    from += weights[index] ?? 0;
    const place = (sum: number) => Math.round((sum * WHOLE) / total);
    return {
      variant: typeof variant === "string" ? variant : JSON.stringify(variant),
      from: place(start),
      to: place(from),
    };
  });
  return { ...by, place: findPlace(key, bucket, context), shares };
}

const sayDecision = (decidedBy: string, { key, metadata, errorDetails }: Evaluation, lines: string[]): string => {
  const rule = /^rule-(\d+)$/.exec(decidedBy);
  if (rule) return lines[Number(rule[1]) - 1] ?? decidedBy;
  const words: Record<string, string> = {
    disabled: `${key} is disabled: whoever asks uses the default of their own code.`,
    killed: `${key} is killed: everybody gets its off-variant.`,
    override: "This homelab has a variant of its own.",
    prerequisite: `${metadata.prerequisite} does not give what ${key} needs.`,
    error: errorDetails ?? "It cannot be evaluated.",
  };
  return words[decidedBy] ?? lines.at(-1) ?? decidedBy;
};

const deciderOf = ({ reason, metadata }: Evaluation): string => {
  if (reason === "DISABLED" || reason === "ERROR") return reason.toLowerCase();
  if (metadata.prerequisite !== undefined) return "prerequisite";
  return String(metadata.decidedBy ?? metadata.ruleId ?? "default");
};

/**
 * @param flags as they are compiled for the tenant; what is evaluated.
 * @param written the targeting as staff wrote it, with the segments that it names, to be explained in place of the compiled
 *   one, in which conditions on the tenant are settled already.
 */
export function explain(
  flags: CompiledFlags,
  key: string,
  context: EvaluationContext,
  written: {
    targeting?: Record<string, unknown>;
    segments?: Readonly<Record<string, unknown>>;
    names?: Record<string, string>;
  } = {},
): Explanation {
  const evaluation = createFlagSet(flags).evaluate(key, context);
  const decidedBy = deciderOf(evaluation);
  const compiled = Object.hasOwn(flags, key) ? flags[key] : undefined;
  const { targeting = compiled?.targeting ?? {}, segments = {}, names = {} } = written;
  const steps: Explanation["steps"] = [];
  let bucket: Bucket | null = null;

  const walk = (logic: unknown): void => {
    const { operator, args } = operationOf(logic) ?? {};
    if (!Array.isArray(args)) return;
    if (operator === "fractional") bucket ??= explainShares(key, args, context);
    if (operator !== "if") return;
    const last = args.length % 2 === 1 ? args.length - 1 : null;
    for (let index = 0; index + 1 < args.length; index += 2) {
      const condition = writeOutSegments(args[index], segments);
      const holds = askFlagd(key, { if: [condition, "yes", "no"] }, context) === "yes";
      steps.push({ words: saySegment(args[index], names), holds });
      if (!holds) continue;
      walk(args[index + 1]);
      return;
    }
    if (last !== null) walk(args[last]);
  };
  if (["rule", "defau", "error"].some((start) => decidedBy.startsWith(start))) walk(targeting);
  return {
    evaluation,
    decidedBy,
    words: sayDecision(decidedBy, evaluation, sayTargeting(targeting, names)),
    steps,
    bucket,
  };
}
