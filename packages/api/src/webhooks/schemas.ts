/** What may be said about events from other systems. Browser-safe. */
import { z } from "zod";

/** Systems whose events are taken. Each makes its own signing key, so its secret is entered here and not made here. */
export const WEBHOOK_PROVIDERS = ["zitadel"] as const;
export const webhookProviderSchema = z.enum(WEBHOOK_PROVIDERS, {
  error: `There is no such provider. Providers are ${WEBHOOK_PROVIDERS.join(", ")}.`,
});
export type WebhookProvider = z.infer<typeof webhookProviderSchema>;
export const WEBHOOK_PROVIDER_NAMES: Record<WebhookProvider, string> = { zitadel: "Zitadel" };

/** `failed`: tried again by the queue. */
export const WEBHOOK_STATES = ["waiting", "processed", "failed"] as const;

export const listWebhooksInput = z.strictObject({
  provider: webhookProviderSchema.optional(),
  type: z.string().trim().max(100).optional(),
  state: z.enum(WEBHOOK_STATES).optional(),
  cursor: z.string().max(500).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

export const webhookEventView = z.object({
  id: z.uuid(),
  provider: webhookProviderSchema,
  type: z.string(),
  /** What it is about, in the provider's words: kind and id. */
  aggregateType: z.string(),
  aggregateId: z.string(),
  sequence: z.string(),
  state: z.enum(WEBHOOK_STATES),
  receivedAt: z.date(),
  processedAt: z.date().nullable(),
  attempts: z.number().int(),
  error: z.string().nullable(),
});
export type WebhookEventView = z.infer<typeof webhookEventView>;
export const webhookEventPage = z.object({ items: z.array(webhookEventView), nextCursor: z.string().nullable() });

export const webhookIdInput = z.strictObject({ id: z.uuid() });

export const addWebhookSecretInput = z.strictObject({
  provider: webhookProviderSchema,
  secret: z
    .string({ error: "Enter the secret." })
    .trim()
    .min(16, "A secret has at least 16 characters. Copy it whole.")
    .max(500, "A secret has at most 500 characters.")
    .regex(/^[\x21-\x7e]+$/, "A secret has no spaces and no special characters. Copy it alone."),
});

export const webhookSecretView = z.object({
  id: z.uuid(),
  provider: webhookProviderSchema,
  createdAt: z.date(),
  /** Since when events come signed with it; null until the first. */
  seenAt: z.date().nullable(),
});
export type WebhookSecretView = z.infer<typeof webhookSecretView>;
