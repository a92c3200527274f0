/** What the kill switch does, in words. */
import type { FlagView } from "@kombify/api/schemas";
import { counted } from "../../flags/flag-words.ts";

type Subject = Pick<FlagView, "instances"> & {
  definition: Pick<FlagView["definition"], "offVariant" | "state" | "variants">;
};

/** What everybody gets while it is killed: its off variant, or of a boolean flag the one that is false. Null: nothing could be given. */
export function offVariantOf({ definition: { offVariant, variants } }: Subject): string | null {
  return offVariant ?? Object.keys(variants).find((name) => variants[name] === false) ?? null;
}

/** @returns null when it cannot be killed, because there is nothing to give. */
export function killEffects(flag: Subject): string[] | null {
  const off = offVariantOf(flag);
  if (off === null) return null;
  const { instances, definition } = flag;
  return [
    `Everybody gets ${off}, at once, whatever the rules and overrides say.`,
    instances === 0
      ? "It reaches Cloud; no instance has homelabs now."
      : `It reaches Cloud and ${counted(instances, "instance", "instances")}. A host that is away follows when it is back.`,
    ...(definition.state === "DISABLED"
      ? ["The flag is disabled, so nobody gets a value before it is enabled again."]
      : []),
  ];
}
