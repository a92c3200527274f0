/** What is different between two states of a flag, in words where there are some, else as JSON. */
import { isDeepStrictEqual } from "node:util";
import { sayTargeting } from "@kombify/flags/rules";
import type { FlagState } from "./flag-state.ts";
import type { FlagDifference } from "./schemas.ts";

type Facts = Map<string, string>;

const json = (value: unknown): string => JSON.stringify(value);

/** Each thing that can be said of a flag, under its name; what says nothing is left out. */
function factsOf(flag: FlagState | null): Facts {
  const facts: Facts = new Map();
  if (!flag) return facts;
  const say = (what: string, value: string | null | false) => {
    if (value) facts.set(what, value);
  };
  say("Description", flag.description);
  say("Owner", flag.owner);
  say("Kind", flag.kind);
  say("Lifetime", flag.lifetime);
  say("Expires", flag.expiresAt?.toISOString() ?? null);
  say("Changes need a second person", flag.isSensitive && "yes");
  say("State", flag.state === "ENABLED" ? "enabled" : "disabled");
  for (const [name, value] of Object.entries(flag.variants)) say(`Variant ${name}`, json(value));
  say("Default variant", flag.defaultVariant);
  say("Off-variant", flag.offVariant);
  for (const { flag: key, variants } of flag.prerequisites) say(`Needs ${key} to be`, variants.join(" or "));
  say("Rules", Object.keys(flag.targeting).length > 0 && sayTargeting(flag.targeting).join("\n"));
  for (const [name, value] of Object.entries(flag.metadata)) say(`Metadata ${name}`, json(value));
  say("Killed", flag.killedAt && (flag.killedReason || "yes"));
  for (const [name, value] of Object.entries(flag.fileExtras)) say(`In files ${name}`, json(value));
  return facts;
}

/** Null stands for a flag that is not there. */
export function differencesOf(before: FlagState | null, after: FlagState | null): FlagDifference[] {
  const [was, is] = [factsOf(before), factsOf(after)];
  const differences = [...new Set([...was.keys(), ...is.keys()])]
    .filter((what) => was.get(what) !== is.get(what))
    .map((what) => ({ what, before: was.get(what) ?? null, after: is.get(what) ?? null }));
  // Two ways to write the same rule read alike.
  const targeting = [before?.targeting ?? {}, after?.targeting ?? {}] as const;
  if (was.get("Rules") === is.get("Rules") && !isDeepStrictEqual(...targeting))
    differences.push({ what: "Rules as JSON", before: json(targeting[0]), after: json(targeting[1]) });
  return differences;
}
