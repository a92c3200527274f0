import { type EvaluationContext, evaluationContext } from "@kombify/flags";
import type { TenantContext } from "../context.ts";
import type { TenantFlags } from "./documents.ts";

/** The flags of the context's tenant as they are now. @throws ServiceError */
export const flagsOf = (ctx: TenantContext): Promise<TenantFlags> => ctx.can.flagDocuments.of(ctx.tenant.id);

/** The person who asks, in their homelab. */
export const evaluationContextOf = (ctx: TenantContext, { document }: TenantFlags): EvaluationContext =>
  evaluationContext(document, {}, ctx.session.user.id);
