import type { TenantContext } from "../context.ts";
import { evaluationContextOf, flagsOf } from "./evaluation.ts";
import type { PortalFlagsView } from "./schemas.ts";

/** Every flag for the context's tenant and person. @throws ServiceError */
export async function evaluatePortalFlags(ctx: TenantContext): Promise<PortalFlagsView> {
  const flags = await flagsOf(ctx);
  const evaluations = flags.flagSet.evaluateAll(evaluationContextOf(ctx, flags));
  for (const evaluation of evaluations) ctx.can.flagUsage.count(evaluation);
  return {
    flags: Object.fromEntries(
      evaluations.map(({ key, value, reason, variant }) => [
        key,
        { reason, ...(value === undefined ? {} : { value }), ...(variant === undefined ? {} : { variant }) },
      ]),
    ),
    revision: flags.document.revision,
  };
}
