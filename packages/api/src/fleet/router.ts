import type { Change } from "@kombify/db";
import { z } from "zod";
import { endOf } from "../changes.ts";
import { staffProcedure } from "../procedures.ts";
import { router } from "../trpc.ts";
import { readOverview } from "./overview.ts";
import { fleetChange, fleetOverview } from "./schemas.ts";

export const fleetRouter = router({
  overview: staffProcedure("fleet:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/api/admin/fleet",
        tags: ["fleet"],
        summary: "The fleet at a glance, and what is wrong",
      },
    })
    .input(z.void())
    .output(fleetOverview)
    .query(({ ctx }) => readOverview(ctx)),

  watch: staffProcedure("fleet:read")
    .input(z.void())
    .output(
      z.custom<AsyncIterable<z.output<typeof fleetChange>>>(
        (value) => typeof value === "object" && value !== null && Symbol.asyncIterator in value,
      ),
    )
    .subscription(async function* ({ ctx, signal }) {
      const isOwn = (change: Change) => change.noun === "sessions" && change.id === ctx.session.user.id;
      const isFleet = (change: Change) => fleetChange.safeParse(change).success || isOwn(change);
      const changes = ctx.can.changes.stream(isFleet, endOf(ctx, signal))[Symbol.asyncIterator]();
      let next = changes.next();
      // Between the page's own look and this moment something may have changed: "*" says to look again.
      yield { noun: "instances" as const, id: "*" };
      for (let step = await next; !step.done; step = await next) {
        next = changes.next();
        // A stream does not outlive the session that it was opened with.
        if (step.value === null || isOwn(step.value)) await ctx.reauthorise();
        if (step.value === null || !isOwn(step.value))
          yield fleetChange.parse(step.value ?? { noun: "instances", id: "*" });
      }
    }),
});
