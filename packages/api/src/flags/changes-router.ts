import { staffProcedure } from "../procedures.ts";
import { router } from "../trpc.ts";
import {
  approveFlagChange,
  cancelFlagChange,
  listFlagChanges,
  readFlagUsage,
  rejectFlagChange,
  tryFlag,
} from "./changes-service.ts";
import {
  flagChangeInput,
  flagChangesInput,
  flagChangesView,
  flagChangeView,
  flagOutcomeView,
  flagUsageInput,
  flagUsageView,
  playgroundInput,
  playgroundView,
  rejectChangeInput,
} from "./schemas.ts";

const tags = ["flags"];

/** Changes that wait, and what a flag does: the playground and its use. */
export const flagChangesRouter = router({
  changes: staffProcedure("flag:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/api/admin/flag-changes",
        tags,
        summary: "Changes that wait for a second person or for their time",
      },
    })
    .input(flagChangesInput)
    .output(flagChangesView)
    .query(({ ctx, input }) => listFlagChanges(ctx, input)),

  approveChange: staffProcedure("flag:approve")
    .meta({
      openapi: {
        method: "POST",
        path: "/api/admin/flag-changes/{id}/approve",
        tags,
        summary: "Approve somebody else's change",
      },
    })
    .input(flagChangeInput)
    .output(flagOutcomeView)
    .mutation(({ ctx, input }) => approveFlagChange(ctx, input)),

  rejectChange: staffProcedure("flag:approve")
    .meta({
      openapi: { method: "POST", path: "/api/admin/flag-changes/{id}/reject", tags, summary: "Reject a change" },
    })
    .input(rejectChangeInput)
    .output(flagChangeView)
    .mutation(({ ctx, input }) => rejectFlagChange(ctx, input)),

  cancelChange: staffProcedure("flag:write")
    .meta({
      openapi: {
        method: "POST",
        path: "/api/admin/flag-changes/{id}/cancel",
        tags,
        summary: "Take a change back that has not happened yet",
      },
    })
    .input(flagChangeInput)
    .output(flagChangeView)
    .mutation(({ ctx, input }) => cancelFlagChange(ctx, input)),

  playground: staffProcedure("flag:read")
    .meta({
      openapi: {
        method: "POST",
        path: "/api/admin/flags/{key}/playground",
        tags,
        summary: "What a flag gives somebody, and why",
      },
    })
    .input(playgroundInput)
    .output(playgroundView)
    .mutation(({ ctx, input }) => tryFlag(ctx, input)),

  usage: staffProcedure("flag:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/api/admin/flags/{key}/usage",
        tags,
        summary: "How often each variant was given",
      },
    })
    .input(flagUsageInput)
    .output(flagUsageView)
    .query(({ ctx, input }) => readFlagUsage(ctx, input)),
});
