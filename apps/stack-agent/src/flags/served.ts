/** A tenant's flags as they are asked for: the document over what older control planes sent, with how current they are. */
import type { FlagSet, ServedFlags } from "@kombify/flags";
import type { Freshness } from "./freshness.ts";
import type { TenantFlags } from "./load-flags.ts";

/** The document decides; for keys that it does not have, what lies below. */
function over(above: FlagSet, below: FlagSet): FlagSet {
  if (below.keys.length === 0) return above;
  const keys = new Set(above.keys);
  return {
    keys: [...above.keys, ...below.keys.filter((key) => !keys.has(key))],
    evaluate: (key, context) => (keys.has(key) ? above : below).evaluate(key, context),
    evaluateAll: (context) => [
      ...above.evaluateAll(context),
      ...below.evaluateAll(context).filter(({ key }) => !keys.has(key)),
    ],
  };
}

/** @returns null while there are none: whoever asks is told so, instead of being given what could be a value. */
export function servedFlags(flags: TenantFlags | undefined, { confirmedAt, isStale }: Freshness): ServedFlags | null {
  if (!flags || (!flags.current && flags.older.text === null)) return null;
  const { current, older, refusal } = flags;
  const known = confirmedAt ?? new Date(current?.envelope.generatedAt ?? Date.now());
  // What was refused since is newer than what is here.
  const since = refusal && refusal.since < known ? refusal.since : known;
  return {
    document: current?.envelope ?? { revision: 0, digest: older.digest, context: {} },
    flagSet: current ? over(current.contents.flagSet, older.flagSet) : older.flagSet,
    standing: {
      ageSeconds: Math.max(0, Math.floor((Date.now() - since.getTime()) / 1000)),
      isStale: isStale || refusal !== null,
    },
  };
}
