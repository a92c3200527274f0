import type { TenantId, Transaction } from "@kombify/db";
import { auditEvents } from "@kombify/db/schema";
import type { VerbContext } from "../context.ts";

/**
 * Writes one line of the audit trail, in the transaction of the deed.
 * @param event.action `noun.verb`, as the procedure is called.
 * @param event.summary one plain sentence in the past tense, without secrets.
 */
export async function recordAudit(
  tx: Transaction,
  ctx: Pick<VerbContext, "actor" | "request">,
  event: { action: string; targetKind: string; targetId: string; tenantId?: TenantId; summary: string },
): Promise<void> {
  await tx.insert(auditEvents).values({
    actorKind: ctx.actor.kind,
    actorId: ctx.actor.id,
    actorName: ctx.actor.name,
    requestId: ctx.request.requestId,
    ...event,
  });
}
