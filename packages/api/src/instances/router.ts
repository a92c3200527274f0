import { z } from "zod";
import { staffProcedure } from "../procedures.ts";
import { router } from "../trpc.ts";
import {
  instanceDetailView,
  instanceIdInput,
  instancePage,
  instanceView,
  joinTokenView,
  listInstancesInput,
  registerInstanceInput,
} from "./schemas.ts";
import {
  createJoinToken,
  getInstance,
  registerInstance,
  removeInstance,
  revokeInstance,
  setCordon,
} from "./service.ts";
import { listInstances } from "./views.ts";

const tags = ["instances"];

export const instancesRouter = router({
  list: staffProcedure("instance:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/api/admin/instances",
        tags,
        summary: "Stack hosts, with what is wished beside what is applied",
      },
    })
    .input(listInstancesInput)
    .output(instancePage)
    .query(({ ctx, input }) => listInstances(ctx.db, input)),

  get: staffProcedure("instance:read")
    .meta({
      openapi: { method: "GET", path: "/api/admin/instances/{id}", tags, summary: "One Stack host with its history" },
    })
    .input(instanceIdInput)
    .output(instanceDetailView)
    .query(({ ctx, input }) => getInstance(ctx, input.id)),

  register: staffProcedure("instance:register")
    .meta({
      successStatus: 201,
      openapi: {
        method: "POST",
        path: "/api/admin/instances",
        tags,
        summary: "Register a host; the answer holds the command that joins it",
      },
    })
    .input(registerInstanceInput)
    .output(joinTokenView)
    .mutation(({ ctx, input }) => registerInstance(ctx, input)),

  createJoinToken: staffProcedure("instance:register")
    .meta({
      successStatus: 201,
      openapi: {
        method: "POST",
        path: "/api/admin/instances/{id}/join-token",
        tags,
        summary: "A new single-use join token",
      },
    })
    .input(instanceIdInput)
    .output(joinTokenView)
    .mutation(({ ctx, input }) => createJoinToken(ctx, input.id)),

  cordon: staffProcedure("instance:cordon")
    .meta({
      openapi: {
        method: "POST",
        path: "/api/admin/instances/{id}/cordon",
        tags,
        summary: "Close a host for new tenants",
      },
    })
    .input(instanceIdInput)
    .output(instanceView)
    .mutation(({ ctx, input }) => setCordon(ctx, input.id, true)),

  uncordon: staffProcedure("instance:cordon")
    .meta({
      openapi: {
        method: "POST",
        path: "/api/admin/instances/{id}/uncordon",
        tags,
        summary: "Open a host for new tenants",
      },
    })
    .input(instanceIdInput)
    .output(instanceView)
    .mutation(({ ctx, input }) => setCordon(ctx, input.id, false)),

  revoke: staffProcedure("instance:revoke")
    .meta({
      openapi: { method: "POST", path: "/api/admin/instances/{id}/revoke", tags, summary: "Cut the agent off at once" },
    })
    .input(instanceIdInput)
    .output(instanceView)
    .mutation(({ ctx, input }) => revokeInstance(ctx, input.id)),

  remove: staffProcedure("instance:remove")
    .meta({
      openapi: {
        method: "DELETE",
        path: "/api/admin/instances/{id}",
        tags,
        summary: "Take an empty host out of the registry",
      },
    })
    .input(instanceIdInput)
    .output(z.object({ ok: z.literal(true) }))
    .mutation(async ({ ctx, input }) => {
      await removeInstance(ctx, input.id);
      return { ok: true as const };
    }),
});
