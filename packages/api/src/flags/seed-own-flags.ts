/** Our own flags in an installation: new ones are made when it starts; what is there is the editor's alone. */
import { OWN_FLAGS_MANIFEST, type OwnFlagsManifest } from "@kombify/flags/own/manifest";
import { sql } from "drizzle-orm";
import type { VerbContext } from "../context.ts";
import { applyChanges, lockFlags } from "./apply-change.ts";

const KNOWN = sql`select key from flags union select key from flag_versions where noun = 'flag'`;

function proposalOf({ metadata, ...flag }: OwnFlagsManifest["flags"][string]): Record<string, unknown> {
  const { description, owner, kind, lifetime, offVariant, ...announced } = metadata;
  return { ...flag, description, owner, kind, lifetime, offVariant, metadata: announced };
}

/**
 * Makes those that are missing, and changes none that is there. One that staff removed stays removed: its history says that
 * it was there.
 * @param ctx acts as the system.
 * @returns keys of those that were made.
 */
export async function seedOwnFlags(ctx: VerbContext, manifest = OWN_FLAGS_MANIFEST): Promise<string[]> {
  return ctx.db.transaction(async (tx) => {
    // Two processes may start at once: what the first has made, the second finds.
    await lockFlags(tx);
    const known = new Set((await tx.execute<{ key: string }>(KNOWN)).map(({ key }) => key));
    const changes = Object.entries(manifest.flags)
      .filter(([key]) => !known.has(key))
      .map(([flagKey, flag]) => ({
        kind: "update" as const,
        flagKey,
        baseVersion: 0,
        proposal: proposalOf(flag),
        note: "One of kombify's own",
      }));
    return changes.length === 0 ? [] : applyChanges(tx, ctx, changes);
  });
}
