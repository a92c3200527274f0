/**
 * Events that other systems send. Owns `webhook_events` and `webhook_secrets`. An event is stored before it is answered
 * and acted on afterwards; acting on it twice changes nothing.
 */
import { ServiceError } from "@kombify/agent-contract";
import { enqueueJob } from "@kombify/db";
import type { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import type { VerbContext } from "../context.ts";
import { decodeCursor, encodeCursor, pageOfRows } from "../page.ts";
import type { listWebhooksInput, WebhookEventView } from "./schemas.ts";

/** A page of events, newest first. */
export async function listWebhooks(ctx: VerbContext, input: z.output<typeof listWebhooksInput>) {
  const cursor = input.cursor ? decodeCursor(input.cursor) : null;
  const rows = await ctx.db.read<WebhookEventView>(
    (sql) => sql`
      select * from (
        select id, provider, type, payload->>'aggregateType' as "aggregateType", payload->>'aggregateID' as "aggregateId",
          payload->>'sequence' as sequence, received_at as "receivedAt", processed_at as "processedAt", attempts, error,
          case when error is not null then 'failed' when processed_at is not null then 'processed' else 'waiting' end as state
        from webhook_events) e
      where (${input.provider ?? null}::text is null or provider = ${input.provider ?? null})
        and (${input.type ?? null}::text is null or type = ${input.type ?? null})
        and (${input.state ?? null}::text is null or state = ${input.state ?? null})
        and (${cursor?.id ?? null}::uuid is null or id < ${cursor?.id ?? null}::uuid)
      order by id desc limit ${input.limit + 1}`,
  );
  return pageOfRows(rows, input.limit, (row) => encodeCursor("", row.id));
}

/**
 * Acts on an event once more.
 * @throws ServiceError NOT_FOUND
 */
export async function replayWebhook(ctx: VerbContext, input: { id: string }): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const event = await tx.query.webhookEvents.findFirst({
      where: (table, { eq }) => eq(table.id, input.id),
      columns: { type: true },
    });
    if (!event) throw new ServiceError("NOT_FOUND", "There is no such event.");
    await enqueueJob(tx, "process-webhook", { id: input.id }, { key: `process-webhook ${input.id}` });
    await recordAudit(tx, ctx, {
      action: "webhooks.replay",
      targetKind: "webhook",
      targetId: input.id,
      summary: `Asked to act on ${event.type} once more`,
    });
  });
}
