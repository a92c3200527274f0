/**
 * Evaluation, the same on every host and in Cloud: flagd's own engine, and around it what flagd does not have:
 * prerequisites, which rule it was, and whether a share of people decided (docs/decisions/0027-flags-evaluated-by-flagd.md).
 */
import type { CompiledFlag, CompiledFlags } from "@kombify/agent-contract";
import type { JsonValue } from "@openfeature/core";
import { FeatureFlag } from "@openfeature/flagd-core";
import type { EvaluationContext } from "./context.ts";
import { QUIET } from "./quiet.ts";

/** Reasons as in OpenFeature's specification (types, resolution details). */
export interface Evaluation {
  key: string;
  /** Absent: use the default of your own code. */
  value?: JsonValue;
  variant?: string;
  reason: "STATIC" | "DEFAULT" | "TARGETING_MATCH" | "SPLIT" | "DISABLED" | "ERROR";
  errorCode?: "FLAG_NOT_FOUND" | "PARSE_ERROR" | "GENERAL" | "PROVIDER_NOT_READY";
  errorDetails?: string;
  /** flagd's metadata of the flag; `ruleId` (`rule-1` is the first), `prerequisite` (which one was missing). */
  metadata: Record<string, string | number | boolean>;
}

export interface FlagSet {
  readonly keys: readonly string[];
  evaluate(key: string, context: EvaluationContext): Evaluation;
  /** Every flag, those included that are disabled. */
  evaluateAll(context: EvaluationContext): Evaluation[];
}

type Loaded = { flag: FeatureFlag; compiled: CompiledFlag };

function load(key: string, compiled: CompiledFlag): Loaded {
  const { state, variants, defaultVariant, targeting, metadata = {} } = compiled;
  const flag = new FeatureFlag(
    key,
    { state, variants, defaultVariant: defaultVariant ?? "", targeting, metadata } as never,
    QUIET,
    { disableDynamicCodeGeneration: true },
  );
  return { flag, compiled };
}

/**
 * Makes a set of flags ready. It knows no tenant: several with the same flags share one.
 * @throws Error when a default is no variant, or a state unknown.
 */
export function createFlagSet(flags: CompiledFlags): FlagSet {
  const loaded = new Map(Object.entries(flags).map(([key, flag]) => [key, load(key, flag)]));

  const evaluateLoaded = (key: string, { flag, compiled }: Loaded, context: EvaluationContext): Evaluation => {
    const metadata = { ...compiled.metadata };
    if (compiled.state === "DISABLED") return { key, reason: "DISABLED", metadata };
    const result = flag.evaluate(context, QUIET);
    const details = {
      key,
      reason: result.reason as Evaluation["reason"],
      ...(result.variant === undefined ? {} : { variant: result.variant }),
      metadata,
    };
    if (result.reason === "ERROR")
      return {
        ...details,
        errorCode: "GENERAL",
        errorDetails: result.errorMessage ?? "The rules cannot be evaluated.",
      };
    return result.value === undefined ? details : { ...details, value: result.value };
  };

  const evaluate = (key: string, context: EvaluationContext): Evaluation => {
    const found = loaded.get(key);
    if (found) return evaluateLoaded(key, found, context);
    return {
      key,
      reason: "ERROR",
      errorCode: "FLAG_NOT_FOUND",
      errorDetails: `There is no flag ${key}.`,
      metadata: {},
    };
  };
  return {
    keys: [...loaded.keys()],
    evaluate,
    evaluateAll: (context) => [...loaded].map(([key, found]) => evaluateLoaded(key, found, context)),
  };
}
