/** Our own flags, as the portal and verbs of other nouns ask for them. */
import { evaluateOwnFlags, OWN_FLAG_DEFAULTS, type OwnFlags } from "@kombify/flags/own";
import type { TenantContext } from "../context.ts";
import { evaluationContextOf, flagsOf } from "./evaluation.ts";

/**
 * Those that are named, for the context's tenant and person. Never fails: while flags cannot be read, the manifest's
 * defaults count, so that nothing stands still because of what was made to switch things off.
 */
export async function readOwnFlags<N extends keyof OwnFlags>(
  ctx: TenantContext,
  ...names: N[]
): Promise<Pick<OwnFlags, N>> {
  try {
    const flags = await flagsOf(ctx);
    return evaluateOwnFlags(flags.flagSet, evaluationContextOf(ctx, flags), names, ctx.can.flagUsage.count);
  } catch (err) {
    ctx.request.log.warn({ err }, "flags cannot be read: our own have their defaults");
    return OWN_FLAG_DEFAULTS;
  }
}
