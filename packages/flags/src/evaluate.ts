/**
 * Evaluation, the same on every host and in Cloud: flagd's own engine, and around it what flagd does not have:
 * prerequisites, which rule it was, and whether a share of people decided (docs/decisions/0027-flags-evaluated-by-flagd.md).
 */
import type { CompiledFlag, CompiledFlags } from "@kombify/agent-contract";
import type { JsonValue } from "@openfeature/core";
import { FeatureFlag } from "@openfeature/flagd-core";
import type { EvaluationContext } from "./context.ts";
import { evaluationOf, freezeDeep, outcomesOf, withoutTags } from "./outcomes.ts";
import { LONGEST_CHAIN } from "./prerequisites.ts";
import { QUIET } from "./quiet.ts";

/** Reasons as in OpenFeature's specification (types, resolution details). Never changed: the same answer is the same object. */
export interface Evaluation {
  key: string;
  /** Absent: use the default of your own code. */
  value?: JsonValue;
  variant?: string;
  /**
   * `STATIC`: the same for everybody (no rules, killed, overridden); `DEFAULT`: no rule held, or a prerequisite is missing;
   * `SPLIT`: a share of people.
   */
  reason: "STATIC" | "DEFAULT" | "TARGETING_MATCH" | "SPLIT" | "DISABLED" | "ERROR";
  errorCode?: "FLAG_NOT_FOUND" | "PARSE_ERROR" | "GENERAL" | "PROVIDER_NOT_READY";
  errorDetails?: string;
  /**
   * The flag's own, and: `ruleId` (`rule-1` is the first, `default` what is given when none holds), `decidedBy` (`killed`,
   * `override`), `prerequisite` (which one was missing).
   */
  metadata: Record<string, string | number | boolean>;
}

export interface FlagSet {
  readonly keys: readonly string[];
  evaluate(key: string, context: EvaluationContext): Evaluation;
  /** Every flag, those included that are disabled. */
  evaluateAll(context: EvaluationContext): Evaluation[];
}

type Evaluate = (context: EvaluationContext) => Evaluation;
/** Answers of one evaluation of everything, so that a prerequisite of many flags is asked once. */
type Memory = Map<string, Evaluation>;

const failure = (key: string, errorCode: NonNullable<Evaluation["errorCode"]>, errorDetails: string): Evaluation =>
  freezeDeep({ key, reason: "ERROR", errorCode, errorDetails, metadata: {} });

/** The rules of a flag, without its prerequisites. */
function loadRules(key: string, compiled: CompiledFlag): Evaluate {
  const { targeting, variants, list, fallback } = outcomesOf(key, compiled);
  if (targeting === undefined) return () => fallback;
  const definition = { state: "ENABLED", variants, defaultVariant: "", targeting };
  // flagd keeps people out of `new Function` on hosts that are not ours.
  const flag = new FeatureFlag(key, definition as never, QUIET, { disableDynamicCodeGeneration: true });
  return (context) => {
    const { value, reason, errorCode, errorMessage = "The rules cannot be evaluated." } = flag.evaluate(context, QUIET);
    if (reason === "DEFAULT") return fallback;
    const outcome = typeof value === "number" ? list[value] : undefined;
    if (outcome) return outcome;
    const code = errorCode === "PARSE_ERROR" ? "PARSE_ERROR" : "GENERAL";
    return failure(key, code, withoutTags(errorMessage));
  };
}

/** Loaded when it is first asked for: of a thousand tenants' flags most are never. */
function lazily(load: () => Evaluate): Evaluate {
  let loaded: Evaluate | null = null;
  return (context) => {
    loaded ??= load();
    return loaded(context);
  };
}

/** An attribute of that name would become what all others are inherited from. */
function withoutPrototype(context: EvaluationContext): EvaluationContext {
  if (!Object.hasOwn(context, "__proto__")) return context;
  return Object.fromEntries(Object.entries(context).filter(([name]) => name !== "__proto__"));
}

function checkFlag(key: string, { state, variants, defaultVariant }: CompiledFlag): void {
  if (state !== "ENABLED" && state !== "DISABLED")
    throw new Error(`Flag ${key} has the unknown state ${String(state)}.`);
  if (defaultVariant !== null && !Object.hasOwn(variants, defaultVariant))
    throw new Error(`Flag ${key} has no variant ${defaultVariant}, which is its default.`);
}

/** Flags whose prerequisites cannot be followed: in a circle, behind one, or in a chain that is longer than any that is saved. */
function findEndless(flags: CompiledFlags): Set<string> {
  const height = new Map<string, number>();
  const waiting = new Map(Object.entries(flags));
  // After n rounds every flag is settled that has at most n flags in a row before it.
  for (let round = 0; round < LONGEST_CHAIN; round++)
    for (const [key, { prerequisites = [] }] of waiting) {
      if (prerequisites.some(({ flag }) => waiting.has(flag))) continue;
      height.set(key, 1 + Math.max(0, ...prerequisites.map(({ flag }) => height.get(flag) ?? 0)));
      waiting.delete(key);
    }
  const tooLong = [...height].filter(([, steps]) => steps > LONGEST_CHAIN).map(([key]) => key);
  return new Set([...waiting.keys(), ...tooLong]);
}

/**
 * Makes a set of flags ready. It knows no tenant: several with the same flags share one, see createFlagSetCache.
 * @param flags frozen by this.
 * @throws Error when a default is no variant, or a state unknown.
 */
export function createFlagSet(flags: CompiledFlags): FlagSet {
  const loaded = new Map<string, (context: EvaluationContext, memory: Memory | null) => Evaluation>();
  const endless = findEndless(flags);
  /** What is off never meets what another flag needs, whichever variant it gives. */
  const isOff = new Set<string>();

  for (const [key, compiled] of Object.entries(freezeDeep(flags))) {
    checkFlag(key, compiled);
    const { state, prerequisites = [], offVariant = null, metadata } = compiled;
    if (state === "DISABLED" || metadata?.decidedBy === "killed") isOff.add(key);
    if (state === "DISABLED") {
      const disabled = evaluationOf(key, compiled, null, "DISABLED");
      loaded.set(key, () => disabled);
      continue;
    }
    const rules = lazily(() => loadRules(key, compiled));
    if (prerequisites.length === 0) {
      loaded.set(key, rules);
      continue;
    }
    const missing = prerequisites.map(({ flag }) =>
      evaluationOf(key, compiled, offVariant, "DEFAULT", { prerequisite: flag }),
    );
    loaded.set(key, (context, memory) => {
      const own = memory ?? new Map();
      const index = prerequisites.findIndex(({ flag, variants }) => {
        if (isOff.has(flag) || endless.has(key)) return true;
        const { variant } = evaluateWithin(flag, context, own);
        return variant === undefined || !variants.includes(variant);
      });
      return missing[index] ?? rules(context);
    });
  }

  function evaluateWithin(key: string, context: EvaluationContext, memory: Memory | null): Evaluation {
    const known = memory?.get(key);
    if (known) return known;
    const evaluation = loaded.get(key)?.(context, memory) ?? failure(key, "FLAG_NOT_FOUND", `There is no flag ${key}.`);
    memory?.set(key, evaluation);
    return evaluation;
  }

  const keys = [...loaded.keys()];
  return {
    keys,
    evaluate: (key, context) => evaluateWithin(key, withoutPrototype(context), null),
    evaluateAll(context) {
      const memory: Memory = new Map();
      const own = withoutPrototype(context);
      return keys.map((key) => evaluateWithin(key, own, memory));
    },
  };
}
