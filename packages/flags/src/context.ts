/** Whom a flag is evaluated for. */
import type { FlagEnvelope } from "@kombify/agent-contract";
import type { JsonValue } from "@openfeature/core";

/** Attributes of whom it is evaluated for. `targetingKey` is OpenFeature's own (spec, 3.1.1). */
export type EvaluationContext = Record<string, JsonValue>;

/** What is ours to say, known or not: a client that says it is not believed. */
const OURS: ReadonlySet<string> = new Set(["tenantId", "tenant", "plan", "instance", "region", "version", "__proto__"]);

/**
 * What a client said, completed: who calls where it does not say for whom, and what we know of the tenant in place of
 * whatever it says about that.
 * @param caller id of the person or process that asks.
 */
export function evaluationContext(
  { context }: Pick<FlagEnvelope, "context">,
  said: Readonly<Record<string, unknown>>,
  caller: string,
): EvaluationContext {
  const own = Object.entries(said).filter(([name, value]) => !OURS.has(name) && value !== undefined && value !== "");
  return { targetingKey: caller, userId: caller, ...(Object.fromEntries(own) as EvaluationContext), ...context };
}
