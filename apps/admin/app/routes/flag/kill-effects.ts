/** What the kill switch does, in words. */
import type { FlagView } from "@kombify/api/schemas";
import { counted } from "../../flags/flag-words.ts";

export function killEffects({ instances, definition: { offVariant, state } }: KillSubject): string[] {
  return [
    offVariant === null
      ? "Everybody gets no value, at once: the flag has no off variant, so the code that asks uses its own default."
      : `Everybody gets ${offVariant}, at once, whatever the rules and overrides say.`,
    instances === 0
      ? "It reaches Cloud; no instance has homelabs now."
      : `It reaches Cloud and ${counted(instances, "instance", "instances")}. A host that is away follows when it is back.`,
    ...(state === "DISABLED" ? ["The flag is disabled, so nobody gets a value before it is enabled again."] : []),
  ];
}

type KillSubject = Pick<FlagView, "instances"> & { definition: Pick<FlagView["definition"], "offVariant" | "state"> };
