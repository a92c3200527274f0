import { ServiceError } from "@kombify/agent-contract";
import { flags } from "@kombify/db/schema";
import { eq } from "drizzle-orm";
import type { VerbContext } from "../context.ts";
import { applyChange, lockFlags } from "./apply-change.ts";
import { needsApproval } from "./approval.ts";

/**
 * Kills or restores a flag from the command line of the control plane's own machine, where nobody is signed in.
 * @param change.note for a kill: why.
 * @throws ServiceError NOT_FOUND, INVALID, PRECONDITION for what needs a second person: there is none here.
 */
export async function operateFlag(
  ctx: VerbContext,
  { kind, key, note }: { kind: "kill" | "restore"; key: string; note: string },
): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await lockFlags(tx);
    const [row] = await tx.select().from(flags).where(eq(flags.key, key));
    if (needsApproval({ kind, proposal: {} }, row?.isSensitive ?? false))
      throw new ServiceError(
        "PRECONDITION",
        `A change of ${key} needs a second person. Restore it in the Admin center, where somebody else can approve it.`,
      );
    await applyChange(tx, ctx, { kind, flagKey: key, baseVersion: row?.version ?? 0, proposal: {}, note });
  });
}
