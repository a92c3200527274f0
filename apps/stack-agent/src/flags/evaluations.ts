/** What a tenant's flags give, by the same code as in Cloud, and how current that is. */
import type { Evaluation, EvaluationContext } from "@kombify/flags";
import type { Freshness } from "./freshness.ts";
import type { TenantFlags } from "./load-flags.ts";

/** Beside every value, so that nobody takes an old one for a new one. */
export type Standing = { revision: number; digest: string; stale: boolean; ageSeconds: number };

/** A tenant without flags yet has no values: whoever asks is told, instead of being given what could be one. */
const NOT_READY = {
  reason: "ERROR",
  errorCode: "PROVIDER_NOT_READY",
  errorDetails: "The flags of this homelab have not arrived here yet. Use the default of your own code.",
  metadata: {},
} as const;

export const isReady = (flags: TenantFlags | undefined): flags is TenantFlags =>
  flags !== undefined && (flags.current !== null || flags.older.text !== null);

/**
 * Who it is evaluated for. The caller is the default, and may ask for somebody else; what the control plane knows of the
 * tenant outweighs whatever a client says.
 * @param subject the caller, as assertions name them.
 */
export const contextOf = (
  flags: TenantFlags | undefined,
  subject: string,
  asked: EvaluationContext,
): EvaluationContext => ({ targetingKey: subject, userId: subject, ...asked, ...flags?.current?.envelope.context });

/** The document decides; for keys that it does not have, what older control planes sent. */
export function evaluate(flags: TenantFlags | undefined, key: string, context: EvaluationContext): Evaluation {
  if (!isReady(flags)) return { key, ...NOT_READY };
  const { current, older } = flags;
  const found = current?.contents.flagSet.evaluate(key, context);
  if (found && found.errorCode !== "FLAG_NOT_FOUND") return found;
  return older.flagSet.evaluate(key, context);
}

/** Every flag once; nothing for a tenant that has none yet. */
export function evaluateAll(flags: TenantFlags | undefined, context: EvaluationContext): Evaluation[] {
  if (!flags) return [];
  const found = flags.current?.contents.flagSet.evaluateAll(context) ?? [];
  const keys = new Set(flags.current?.contents.flagSet.keys);
  return [...found, ...flags.older.flagSet.evaluateAll(context).filter(({ key }) => !keys.has(key))];
}

export function standingOf(flags: TenantFlags | undefined, { confirmedAt, isStale }: Freshness): Standing {
  const { current = null, older, refusal = null } = flags ?? {};
  // What was refused since is newer than what is here.
  const known = confirmedAt ?? (current ? new Date(current.envelope.generatedAt) : new Date());
  const since = refusal && refusal.since < known ? refusal.since : known;
  return {
    revision: current?.envelope.revision ?? 0,
    digest: current?.envelope.digest ?? older?.digest ?? "",
    stale: isStale || refusal !== null,
    ageSeconds: Math.max(0, Math.floor((Date.now() - since.getTime()) / 1000)),
  };
}
