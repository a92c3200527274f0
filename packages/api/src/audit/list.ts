import type { z } from "zod";
import type { VerbContext } from "../context.ts";
import { decodeCursor, encodeCursor, pageOfRows } from "../page.ts";
import type { AuditEventView, listAuditInput } from "./schemas.ts";

/** A page of the trail, newest first. Ids are ordered by time, so they are the cursor. */
export async function listAudit(ctx: VerbContext, input: z.output<typeof listAuditInput>) {
  const cursor = input.cursor ? decodeCursor(input.cursor) : null;
  const actor = input.actor ? `%${input.actor.replace(/[\\%_]/g, "\\$&")}%` : null;
  const rows = await ctx.db.read<AuditEventView>(
    (sql) => sql`
      select a.id, a.at, a.actor_kind as "actorKind", a.actor_name as "actorName", a.action, a.target_kind as "targetKind",
        a.target_id as "targetId", t.slug as "tenantSlug", a.summary, a.request_id as "requestId"
      from audit_events a left join tenants t on t.id = a.tenant_id
      where (${input.tenantId ?? null}::uuid is null or a.tenant_id = ${input.tenantId ?? null}::uuid)
        and (${input.action ?? null}::text is null or a.action = ${input.action ?? null})
        and (${actor}::text is null or a.actor_name ilike ${actor} or a.actor_id = ${input.actor ?? null})
        and (${cursor?.id ?? null}::uuid is null or a.id < ${cursor?.id ?? null}::uuid)
      order by a.id desc limit ${input.limit + 1}`,
  );
  return pageOfRows(rows, input.limit, (row) => encodeCursor("", row.id));
}
