import { z } from "zod";
import { endOf, watch } from "../changes.ts";
import { staffProcedure } from "../procedures.ts";
import { router } from "../trpc.ts";
import { addWebhookSecretInput } from "../webhooks/schemas.ts";
import { enterWebhookSecret } from "./enter-webhook-secret.ts";
import { rotationIdInput, rotationKindView, setPolicyInput, startRotationInput } from "./schemas.ts";
import { cancelRotation, setPolicy, startRotation } from "./service.ts";
import { listRotations } from "./views.ts";

const tags = ["rotations"];
const kindList = z.object({ items: z.array(rotationKindView) });
const started = z.object({ id: z.uuid() });
const done = z.object({ isDone: z.literal(true) });

export const rotationsRouter = router({
  list: staffProcedure("rotation:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/api/admin/rotations",
        tags,
        summary: "Every kind of key: age, next date, what is under way, the last ten",
      },
    })
    .input(z.void())
    .output(kindList)
    .query(async ({ ctx }) => ({ items: await listRotations(ctx) })),

  watch: staffProcedure("rotation:read")
    .input(z.void())
    .output(
      z.custom<AsyncIterable<z.output<typeof kindList>>>(
        (value) => typeof value === "object" && value !== null && Symbol.asyncIterator in value,
      ),
    )
    .subscription(({ ctx, signal }) =>
      watch(
        ctx.can.changes,
        ({ noun }) => noun === "rotations",
        endOf(ctx, signal),
        async () => kindList.parse({ items: await listRotations(ctx) }),
      ),
    ),

  start: staffProcedure("rotation:manage")
    .meta({
      successStatus: 202,
      openapi: { method: "POST", path: "/api/admin/rotations", tags, summary: "Exchange a kind of key now" },
    })
    .input(startRotationInput)
    .output(started)
    .mutation(({ ctx, input }) => startRotation(ctx, input)),

  cancel: staffProcedure("rotation:manage")
    .meta({
      successStatus: 202,
      openapi: {
        method: "POST",
        path: "/api/admin/rotations/{id}/cancel",
        tags,
        summary: "Take an exchange back, while that is safe",
      },
    })
    .input(rotationIdInput)
    .output(done)
    .mutation(async ({ ctx, input }) => {
      await cancelRotation(ctx, input);
      return { isDone: true as const };
    }),

  setPolicy: staffProcedure("rotation:manage")
    .meta({
      openapi: {
        method: "PATCH",
        path: "/api/admin/rotations/policies/{kind}",
        tags,
        summary: "How often a kind is exchanged; null for by command only",
      },
    })
    .input(setPolicyInput)
    .output(done)
    .mutation(async ({ ctx, input }) => {
      await setPolicy(ctx, input);
      return { isDone: true as const };
    }),
});

/** Part of the noun webhooks that begins a rotation. */
export const webhookSecretsRouter = router({
  addSecret: staffProcedure("rotation:manage")
    .meta({
      successStatus: 201,
      openapi: {
        method: "POST",
        path: "/api/admin/webhooks/secrets",
        tags: ["webhooks"],
        summary: "Enter the secret that a provider made; one that is in use is exchanged for it",
      },
    })
    .input(addWebhookSecretInput)
    .output(z.object({ rotationId: z.uuid().nullable() }))
    .mutation(({ ctx, input }) => enterWebhookSecret(ctx, input)),
});
