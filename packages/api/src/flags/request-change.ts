/** Asks for a change of a flag. */
import type { z } from "zod";
import type { UserContext } from "../context.ts";
import { applyChange, type FlagChangeRequest } from "./apply-change.ts";
import { findFlag } from "./get-flag.ts";
import type { flagOutcomeView } from "./schemas.ts";

export async function requestChange(
  ctx: UserContext,
  change: FlagChangeRequest & { action?: string },
  _options: { scheduledAt: Date | null },
): Promise<z.output<typeof flagOutcomeView>> {
  await ctx.db.transaction((tx) => applyChange(tx, ctx, change));
  return { outcome: "saved", flag: await findFlag(ctx, change.flagKey), change: null };
}
