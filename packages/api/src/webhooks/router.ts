import { z } from "zod";
import { staffProcedure } from "../procedures.ts";
import { router } from "../trpc.ts";
import { listWebhooksInput, webhookEventPage, webhookIdInput, webhookSecretView } from "./schemas.ts";
import { readSecrets } from "./secrets.ts";
import { listWebhooks, replayWebhook } from "./service.ts";

const tags = ["webhooks"];

export const webhooksRouter = router({
  list: staffProcedure("webhook:read")
    .meta({
      openapi: { method: "GET", path: "/api/admin/webhooks", tags, summary: "Events from other systems, newest first" },
    })
    .input(listWebhooksInput)
    .output(webhookEventPage)
    .query(({ ctx, input }) => listWebhooks(ctx, input)),

  secrets: staffProcedure("webhook:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/api/admin/webhooks/secrets",
        tags,
        summary: "Which secrets of events are in use; never the secrets",
      },
    })
    .input(z.void())
    .output(z.object({ items: z.array(webhookSecretView) }))
    .query(async ({ ctx }) => ({ items: await readSecrets(ctx) })),

  replay: staffProcedure("webhook:replay")
    .meta({
      successStatus: 202,
      openapi: {
        method: "POST",
        path: "/api/admin/webhooks/{id}/replay",
        tags,
        summary: "Act on an event once more",
      },
    })
    .input(webhookIdInput)
    .output(z.object({ isQueued: z.literal(true) }))
    .mutation(async ({ ctx, input }) => {
      await replayWebhook(ctx, input);
      return { isQueued: true as const };
    }),
});
