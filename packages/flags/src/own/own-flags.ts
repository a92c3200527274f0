/** Our own flags, typed. */
import type { EvaluationContext } from "../context.ts";
import type { Evaluation, FlagSet } from "../evaluate.ts";
import { OWN_FLAG_DEFAULTS, OWN_FLAG_KEYS, type OwnFlags } from "./own-flags.generated.ts";

export const OWN_FLAG_NAMES = Object.keys(OWN_FLAG_KEYS) as (keyof OwnFlags)[];

/** Whoever edits a flag may change what it gives, and not its type: code was written for one. */
const isUsable = (value: unknown, like: unknown): boolean => typeof value === typeof like && value !== null;

/**
 * Evaluates our own flags. One that is not there, is disabled, or gives a value of another type, counts as its default.
 * @param names those that are asked for; no other is evaluated, or counted.
 * @param onEvaluated is told of each evaluation, for counting.
 */
export function evaluateOwnFlags<N extends keyof OwnFlags>(
  flagSet: FlagSet,
  context: EvaluationContext,
  names: readonly N[],
  onEvaluated: (evaluation: Evaluation) => void,
): Pick<OwnFlags, N> {
  const values = { ...OWN_FLAG_DEFAULTS };
  for (const name of names) {
    const evaluation = flagSet.evaluate(OWN_FLAG_KEYS[name], context);
    onEvaluated(evaluation);
    if (isUsable(evaluation.value, OWN_FLAG_DEFAULTS[name])) Object.assign(values, { [name]: evaluation.value });
  }
  return values;
}
