import type { z } from "zod";
import type { VerbContext } from "../context.ts";
import type { addWebhookSecretInput } from "../webhooks/schemas.ts";
import { addWebhookSecret, readSecrets } from "../webhooks/secrets.ts";
import { kindOf } from "./kinds.ts";
import { enqueueRotation, findRunning, insertRotation } from "./service.ts";

/**
 * Enters the secret that a provider made. When there is one already, that one is exchanged: the rotation that waits for
 * the secret goes on, and begins when none is under way.
 * @returns the rotation, or null for a first secret.
 */
export async function enterWebhookSecret(
  ctx: VerbContext,
  input: z.output<typeof addWebhookSecretInput>,
): Promise<{ rotationId: string | null }> {
  const isFirst = (await readSecrets(ctx, input.provider)).length === 0;
  return ctx.db.transaction(async (tx) => {
    const running = await findRunning(tx, "webhook-secrets");
    const rotationId = running?.id ?? (isFirst ? null : await insertRotation(tx, ctx, kindOf("webhook-secrets")));
    await addWebhookSecret(tx, ctx, input);
    if (rotationId) await enqueueRotation(tx, rotationId);
    return { rotationId };
  });
}
