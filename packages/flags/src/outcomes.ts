/**
 * One evaluation by flagd's engine has to say more than a variant: which rule it was, and whether a share of people decided.
 * So each place in a targeting where something is given gives a number instead of a variant's name, and the number stands
 * for the finished answer. Answers are made once, and never change: whoever asks gets the same object.
 */
import type { CompiledFlag } from "@kombify/agent-contract";
import type { JsonValue } from "@openfeature/core";
import type { Evaluation } from "./evaluate.ts";
import { operationOf } from "./logic.ts";
import { mapResults, type ResultPlace } from "./results.ts";

/** No variant's name contains it: definitions are refused that do. */
const SEPARATOR = "\u001f";
/** More rules than this stay as they are written: each level below is one of the stack. */
const MOST_NESTED = 50;

export function freezeDeep<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freezeDeep(inner);
  }
  return value;
}

/** What a flag can answer, by number. */
export interface Outcomes {
  /** With results replaced; undefined where there is no targeting. */
  targeting: unknown;
  /** For flagd: number by tag. */
  variants: Record<string, number>;
  list: Evaluation[];
  /** When targeting gives nothing, or there is none. */
  fallback: Evaluation;
}

/** An evaluation that gives this variant; without a value where it is null. */
export function evaluationOf(
  key: string,
  { variants, metadata }: CompiledFlag,
  variant: string | null,
  reason: Evaluation["reason"],
  more: Evaluation["metadata"] = {},
): Evaluation {
  const given =
    variant === null || !Object.hasOwn(variants, variant) ? {} : { value: variants[variant] as JsonValue, variant };
  return freezeDeep({ key, ...given, reason, metadata: { ...metadata, ...more } });
}

/** `[c1, r1, c2, r2, rest]` as an `if` within an `if`: what the engine is quickest at. */
function nestBranches(logic: unknown): unknown {
  const { operator, args } = operationOf(logic) ?? {};
  if (operator !== "if" || !Array.isArray(args) || args.length <= 3 || args.length > 2 * MOST_NESTED) return logic;
  const last: unknown = args.length % 2 === 1 ? args.at(-1) : null;
  let rest = last;
  for (let index = args.length - (args.length % 2) - 2; index >= 0; index -= 2)
    rest = { if: [args[index], args[index + 1], rest] };
  return rest;
}

export function outcomesOf(key: string, flag: CompiledFlag): Outcomes {
  const { targeting, variants, defaultVariant } = flag;
  const hasTargeting = targeting !== undefined && Object.keys(targeting).length > 0;
  const tags: Record<string, number> = Object.create(null);
  const list: Evaluation[] = [];
  const tag = (variant: string, { ruleId, isShare }: ResultPlace): string => {
    const name = `${variant}${SEPARATOR}${ruleId}${isShare ? SEPARATOR : ""}`;
    if (tags[name] === undefined && Object.hasOwn(variants, variant)) {
      tags[name] = list.length;
      list.push(evaluationOf(key, flag, variant, isShare ? "SPLIT" : "TARGETING_MATCH", { ruleId }));
    }
    return name;
  };
  const tagged = mapResults(targeting, (result, place) => {
    if (result === null) return null;
    // flagd takes what is given as a text: true is the variant "true".
    if (typeof result !== "object") return tag(String(result), place);
    // What it gives is only known when it is evaluated: any variant.
    for (const variant of Object.keys(variants)) tag(variant, place);
    const ending = tag("", place);
    return { if: [{ "===": [{ "??": [result, null] }, null] }, null, { cat: [result, ending] }] };
  });
  return {
    targeting: hasTargeting ? nestBranches(tagged) : undefined,
    variants: tags,
    list,
    fallback: hasTargeting
      ? evaluationOf(key, flag, defaultVariant, "DEFAULT", { ruleId: "default" })
      : evaluationOf(key, flag, defaultVariant, "STATIC"),
  };
}

const TAGS = new RegExp(`(?:${SEPARATOR}[\\w-]*)+`, "g");
/** Words of flagd without our tags. */
export const withoutTags = (message: string): string => message.replace(TAGS, "");
