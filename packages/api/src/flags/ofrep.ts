/**
 * OpenFeature's Remote Evaluation Protocol in Cloud: the tenant's document and who asks; what is answered is
 * packages/flags/src/ofrep.ts, as on every host. Not part of the public router: answers are the protocol's own.
 */
import type { Change } from "@kombify/db";
import { answerBulk, answerFlag, type OfrepAnswer, refetchEvent } from "@kombify/flags";
import { z } from "zod";
import { endOf } from "../changes.ts";
import type { TenantContext } from "../context.ts";
import { tenantProcedure } from "../procedures.ts";
import { createCallerFactory, router } from "../trpc.ts";
import { flagsOf } from "./evaluation.ts";

export const OFREP_EVENTS_PATH = "/ofrep/v1/events";

const evaluateInput = z.object({
  /** Null: all of them. */
  key: z.string().nullable(),
  body: z.unknown(),
  ifNoneMatch: z.string().nullable(),
});

/** Streams cannot send X-Tenant-ID (HTML standard, EventSource), so their address says which homelab; that is no secret. */
const eventStreamsOf = ({ tenant }: TenantContext) => [
  { type: "sse" as const, endpoint: { requestUri: `${OFREP_EVENTS_PATH}?tenantId=${tenant.id}` } },
];

async function evaluate(ctx: TenantContext, input: z.output<typeof evaluateInput>): Promise<OfrepAnswer> {
  const flags = await flagsOf(ctx);
  const { key, body, ifNoneMatch } = input;
  const caller = ctx.session.user.id;
  const answer =
    key === null
      ? answerBulk(flags, body, { caller, ifNoneMatch, eventStreams: eventStreamsOf(ctx) })
      : answerFlag(flags, key, body, caller);
  for (const evaluation of answer.evaluations) ctx.can.flagUsage.count(evaluation);
  return answer;
}

const ofrepRouter = router({
  evaluate: tenantProcedure("flag:evaluate")
    .input(evaluateInput)
    .output(z.custom<OfrepAnswer>((value) => typeof value === "object" && value !== null))
    .mutation(({ ctx, input }) => evaluate(ctx, input)),

  events: tenantProcedure("flag:evaluate")
    .input(z.object({ tenantId: z.string().optional() }))
    .output(
      z.custom<AsyncIterable<string>>(
        (value) => typeof value === "object" && value !== null && Symbol.asyncIterator in value,
      ),
    )
    .subscription(async function* ({ ctx, signal }) {
      const isOwn = ({ noun, id }: Change) => (noun === "sessions" || noun === "tokens") && id === ctx.session.user.id;
      const isNews = ({ noun, id }: Change) => noun === "flag-documents" && (id === ctx.tenant.id || id === "*");
      const changes = ctx.can.changes
        .stream((change) => isNews(change) || isOwn(change), endOf(ctx, signal))
        [Symbol.asyncIterator]();
      let next = changes.next();
      // What changed between the client's last look and this moment, it would never hear of.
      yield refetchEvent();
      for (let step = await next; !step.done; step = await next) {
        next = changes.next();
        // A stream does not outlive what it was opened with.
        if (step.value === null || isOwn(step.value)) await ctx.reauthorise();
        if (step.value === null || isNews(step.value)) yield refetchEvent();
      }
    }),
});
export const createOfrepCaller = createCallerFactory(ofrepRouter);
