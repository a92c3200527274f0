import { ServiceError } from "@kombify/agent-contract";
import { enqueueJob, newId, notifyChange } from "@kombify/db";
import { webhookEvents } from "@kombify/db/schema";
import type { VerbContext } from "../context.ts";
import { markSeen, openSecrets } from "./secrets.ts";
import { verifySignature } from "./signature.ts";
import { dedupeKeyOf, parseZitadelEvent } from "./zitadel-event.ts";

export const ZITADEL_WEBHOOK_PATH = "/api/webhooks/zitadel";

/** Who guesses is slowed by address; who signs well is not, since events come in bursts from one address. */
async function verified<S extends { secret: string }>(
  ctx: VerbContext,
  request: Request,
  body: Uint8Array,
  secrets: readonly S[],
): Promise<S> {
  try {
    return verifySignature(request.headers.get("zitadel-signature"), body, secrets);
  } catch (error) {
    await ctx.can.throttle.consume("webhook", ctx.request.clientAddress);
    throw error;
  }
}

/**
 * Takes an event. The answer comes after it is stored and before anything is done about it; a second delivery is taken
 * and changes nothing. The body is read as it was sent, whatever its content type: the signature is over its bytes.
 * @param ctx acts as the system.
 * @throws ServiceError FORBIDDEN (401) when the signature is not good, INVALID when the body is not an event.
 */
export async function receiveZitadelEvent(ctx: VerbContext, request: Request): Promise<Response> {
  if (request.method !== "POST") throw new ServiceError("INVALID", "This path takes POST.", { status: 405 });
  const body = new Uint8Array(await request.arrayBuffer());
  const secrets = await openSecrets(ctx, "zitadel");
  const signer = await verified(ctx, request, body, secrets);
  const event = parseZitadelEvent(body);
  const isNew = await ctx.db.transaction(async (tx) => {
    if (signer.seenAt === null) await markSeen(tx, signer.id);
    const [stored] = await tx
      .insert(webhookEvents)
      .values({
        id: newId(),
        provider: "zitadel",
        dedupeKey: dedupeKeyOf(event),
        type: event.event_type,
        payload: event,
      })
      .onConflictDoNothing({ target: [webhookEvents.provider, webhookEvents.dedupeKey] })
      .returning({ id: webhookEvents.id });
    if (!stored) return false;
    await enqueueJob(tx, "process-webhook", { id: stored.id });
    await notifyChange(tx, { noun: "webhooks", id: stored.id });
    return true;
  });
  return Response.json({ received: true, isNew }, { headers: { "Cache-Control": "no-store" } });
}
