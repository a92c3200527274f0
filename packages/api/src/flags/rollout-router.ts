import type { Change } from "@kombify/db";
import { z } from "zod";
import { endOf } from "../changes.ts";
import { serviceProcedure, staffProcedure } from "../procedures.ts";
import { router } from "../trpc.ts";
import { pushFlags } from "./push-flags.ts";
import { readFlagRollout } from "./rollout.ts";
import { flagKeyInput, flagNewsView, flagRolloutView, pushedFlagsView, pushFlagsInput } from "./schemas.ts";

const tags = ["flags"];

/** Where flags have arrived. */
export const flagRolloutRouter = router({
  rollout: staffProcedure("flag:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/api/admin/flags/{key}/rollout",
        tags,
        summary: "Which instances have it as it is now",
      },
    })
    .input(flagKeyInput)
    .output(flagRolloutView)
    .query(({ ctx, input }) => readFlagRollout(ctx, input)),

  push: staffProcedure("flag:write")
    .meta({
      openapi: {
        method: "POST",
        path: "/api/admin/flags-push/{tenant}",
        tags,
        summary: "Send a homelab's flags to its host now",
      },
    })
    .input(pushFlagsInput)
    .output(pushedFlagsView)
    .mutation(({ ctx, input }) => pushFlags(ctx, input)),

  pushByService: serviceProcedure()
    .meta({
      openapi: {
        method: "POST",
        path: "/api/internal/feature-flags/{tenant}",
        tags,
        summary: "The same for our own services, over mTLS on the agent listener",
      },
    })
    .input(pushFlagsInput)
    .output(pushedFlagsView)
    .mutation(({ ctx, input }) => pushFlags(ctx, input)),

  watch: staffProcedure("flag:read")
    .input(z.void())
    .output(
      z.custom<AsyncIterable<z.output<typeof flagNewsView>>>(
        (value) => typeof value === "object" && value !== null && Symbol.asyncIterator in value,
      ),
    )
    .subscription(async function* ({ ctx, signal }) {
      const isOwn = (change: Change) => change.noun === "sessions" && change.id === ctx.session.user.id;
      const isNews = (change: Change) => flagNewsView.safeParse(change).success || isOwn(change);
      const changes = ctx.can.changes.stream(isNews, endOf(ctx, signal))[Symbol.asyncIterator]();
      let next = changes.next();
      // Between the page's own look and this moment something may have changed: "*" says to look again.
      yield { noun: "flags" as const, id: "*" };
      for (let step = await next; !step.done; step = await next) {
        next = changes.next();
        // A stream does not outlive the session that it was opened with.
        if (step.value === null || isOwn(step.value)) await ctx.reauthorise();
        if (step.value === null || !isOwn(step.value))
          yield flagNewsView.parse(step.value ?? { noun: "flags", id: "*" });
      }
    }),
});
