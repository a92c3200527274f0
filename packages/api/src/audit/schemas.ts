/** What may be asked of the audit trail. Browser-safe. */
import { z } from "zod";

export const ACTOR_KINDS = ["user", "staff", "agent", "system"] as const;

export const listAuditInput = z.strictObject({
  tenantId: z.uuid().optional(),
  action: z.string().trim().max(60).optional(),
  actor: z.string().trim().max(200).optional(),
  cursor: z.string().max(500).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

export const auditEventView = z.object({
  id: z.uuid(),
  at: z.date(),
  actorKind: z.enum(ACTOR_KINDS),
  actorName: z.string(),
  action: z.string(),
  targetKind: z.string(),
  targetId: z.string(),
  tenantSlug: z.string().nullable(),
  summary: z.string(),
  requestId: z.string().nullable(),
});
export type AuditEventView = z.infer<typeof auditEventView>;
export const auditPage = z.object({ items: z.array(auditEventView), nextCursor: z.string().nullable() });
