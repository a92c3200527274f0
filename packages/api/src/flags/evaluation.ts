import type { EvaluationContext } from "@kombify/flags";
import type { TenantContext } from "../context.ts";
import type { TenantFlags } from "./documents.ts";

/** The flags of the context's tenant as they are now. @throws ServiceError */
export const flagsOf = (ctx: TenantContext): Promise<TenantFlags> => ctx.can.flagDocuments.of(ctx.tenant.id);

/**
 * Whom flags are evaluated for. What we know of the tenant outweighs what a client says; the person may be said to be
 * somebody else, since whoever asks may ask for others.
 */
export const evaluationContextOf = (
  ctx: TenantContext,
  { document }: TenantFlags,
  said: EvaluationContext = {},
): EvaluationContext => ({
  targetingKey: ctx.session.user.id,
  userId: ctx.session.user.id,
  ...said,
  ...document.context,
});
