import type { Change } from "@kombify/db";
import { z } from "zod";
import { endOf, watch } from "../changes.ts";
import { listMemberships } from "../identity/list-memberships.ts";
import { membershipView } from "../identity/schemas.ts";
import {
  foundingProcedure,
  foundingUserProcedure,
  staffProcedure,
  tenantProcedure,
  userProcedure,
} from "../procedures.ts";
import { router } from "../trpc.ts";
import { checkSlug } from "./check-slug.ts";
import { createTenant } from "./create-tenant.ts";
import { readFirstSteps } from "./first-steps.ts";
import { launchTenant } from "./launch.ts";
import {
  activityInput,
  activityView,
  createTenantInput,
  firstStepsView,
  launchInput,
  launchView,
  searchTenantsInput,
  slugCheckView,
  staffTenantDetailView,
  staffTenantPage,
  tenantDetailView,
  tenantSlugInput,
  tenantView,
} from "./schemas.ts";
import { inspectTenant, searchTenants } from "./staff-views.ts";
import { getTenant, listActivity } from "./views.ts";

const tags = ["tenants"];

export const tenantsRouter = router({
  create: foundingUserProcedure
    .meta({
      successStatus: 201,
      openapi: { method: "POST", path: "/api/tenant", tags, summary: "A further homelab; send an Idempotency-Key" },
    })
    .input(createTenantInput)
    .output(z.object({ tenant: tenantView }))
    .mutation(async ({ ctx, input }) => ({ tenant: await createTenant(ctx, input, ctx.idempotencyKey) })),

  list: userProcedure
    .meta({
      tokenScope: "portal:read",
      openapi: { method: "GET", path: "/api/tenant", tags, summary: "The caller's homelabs" },
    })
    .input(z.void())
    .output(z.object({ items: z.array(membershipView) }))
    .query(async ({ ctx }) => ({ items: await listMemberships(ctx) })),

  get: tenantProcedure("tenant:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/api/tenant/{slug}",
        tags,
        summary: "One homelab: state, host, desired and applied revision",
      },
    })
    .input(tenantSlugInput)
    .output(tenantDetailView)
    .query(({ ctx }) => getTenant(ctx)),

  watch: tenantProcedure("tenant:read")
    .input(tenantSlugInput)
    .output(
      z.custom<AsyncIterable<z.output<typeof tenantDetailView>>>(
        (value) => typeof value === "object" && value !== null && Symbol.asyncIterator in value,
      ),
    )
    .subscription(async function* ({ ctx, signal }) {
      let instanceId: string | undefined;
      // Also when the caller's own sessions or memberships change: a stream outlives neither.
      const mine: readonly string[] = [ctx.tenant.id, ctx.session.user.id];
      const isMine = (change: Change) =>
        mine.includes(change.id) ||
        (change.id === instanceId && !change.isBeat) ||
        // A flag of everybody's may be the one that pauses launches.
        (change.noun === "flag-documents" && change.id === "*");
      const read = async () => {
        await ctx.reauthorise();
        const view = tenantDetailView.parse(await getTenant(ctx));
        instanceId = view.instance?.id;
        return view;
      };
      yield* watch(ctx.can.changes, isMine, endOf(ctx, signal), read);
    }),

  checkSlug: foundingProcedure
    .input(tenantSlugInput)
    .output(slugCheckView)
    .query(({ ctx, input }) => checkSlug(ctx, input.slug)),

  launch: tenantProcedure("tenant:launch")
    .meta({
      openapi: {
        method: "POST",
        path: "/api/tenant/launch",
        tags,
        summary: "A single-use ticket into the caller's Stack",
      },
    })
    .input(launchInput)
    .output(launchView)
    .mutation(({ ctx }) => launchTenant(ctx)),

  activity: tenantProcedure("tenant:read")
    .meta({
      openapi: {
        method: "GET",
        path: "/api/tenant/{slug}/activity",
        tags,
        summary: "What happened in this homelab lately",
      },
    })
    .input(activityInput)
    .output(activityView)
    .query(async ({ ctx, input }) => ({ items: await listActivity(ctx, input.limit) })),

  firstSteps: tenantProcedure("tenant:read")
    .input(tenantSlugInput)
    .output(firstStepsView)
    .query(({ ctx }) => readFirstSteps(ctx)),

  search: staffProcedure("tenant:inspect")
    .meta({ openapi: { method: "GET", path: "/api/admin/tenants", tags, summary: "Tenants by anything" } })
    .input(searchTenantsInput)
    .output(staffTenantPage)
    .query(({ ctx, input }) => searchTenants(ctx, input)),

  inspect: staffProcedure("tenant:inspect")
    .meta({
      openapi: {
        method: "GET",
        path: "/api/admin/tenants/{id}",
        tags,
        summary: "One tenant with its members and what its host says",
      },
    })
    .input(z.strictObject({ id: z.uuid() }))
    .output(staffTenantDetailView)
    .query(({ ctx, input }) => inspectTenant(ctx, input.id)),
});
