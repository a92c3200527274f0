import { z } from "zod";
import { foundingProcedure, foundingUserProcedure, tenantProcedure } from "../procedures.ts";
import { router } from "../trpc.ts";
import { acceptInvitation, previewInvitation } from "./accept-invitation.ts";
import { invite, listInvitations, resendInvitation, withdrawInvitation } from "./invitations.ts";
import { changeRole, leaveTenant, listMembers, removeMember, transferOwnership } from "./members.ts";
import { tenantView } from "./schemas.ts";
import {
  changeRoleInput,
  invitationInput,
  invitationPreview,
  invitationView,
  inviteInput,
  memberInput,
  teamInput,
  teamView,
  tokenInput,
  transferInput,
} from "./team-schemas.ts";

const tags = ["team"];
const ok = z.object({ ok: z.literal(true) });
const done = { ok: true as const };

/** Who belongs to a tenant, and who is asked to. Part of the noun tenants for callers. */
export const teamRouter = router({
  members: tenantProcedure("team:read")
    .meta({
      openapi: { method: "GET", path: "/api/tenant/{slug}/members", tags, summary: "Who belongs to this homelab" },
    })
    .input(teamInput)
    .output(teamView)
    .query(({ ctx }) => listMembers(ctx)),

  changeRole: tenantProcedure("team:manage")
    .meta({
      openapi: { method: "PATCH", path: "/api/tenant/{slug}/members/{userId}", tags, summary: "Give another role" },
    })
    .input(changeRoleInput)
    .output(ok)
    .mutation(async ({ ctx, input }) => {
      await changeRole(ctx, input);
      return done;
    }),

  removeMember: tenantProcedure("team:manage")
    .meta({
      openapi: { method: "DELETE", path: "/api/tenant/{slug}/members/{userId}", tags, summary: "Remove a member" },
    })
    .input(memberInput)
    .output(ok)
    .mutation(async ({ ctx, input }) => {
      await removeMember(ctx, input.userId);
      return done;
    }),

  leave: tenantProcedure("team:leave")
    .meta({ openapi: { method: "POST", path: "/api/tenant/{slug}/leave", tags, summary: "Leave the team" } })
    .input(teamInput)
    .output(ok)
    .mutation(async ({ ctx }) => {
      await leaveTenant(ctx);
      return done;
    }),

  transferOwnership: tenantProcedure("tenant:transfer")
    .meta({
      openapi: { method: "POST", path: "/api/tenant/{slug}/owner", tags, summary: "Hand the homelab to a member" },
    })
    .input(transferInput)
    .output(ok)
    .mutation(async ({ ctx, input }) => {
      await transferOwnership(ctx, input);
      return done;
    }),

  invitations: tenantProcedure("team:manage")
    .meta({
      openapi: { method: "GET", path: "/api/tenant/{slug}/invitations", tags, summary: "Open invitations" },
    })
    .input(teamInput)
    .output(z.object({ items: z.array(invitationView) }))
    .query(async ({ ctx }) => ({ items: await listInvitations(ctx) })),

  invite: tenantProcedure("team:manage")
    .meta({
      successStatus: 201,
      openapi: { method: "POST", path: "/api/tenant/{slug}/invitations", tags, summary: "Invite somebody by mail" },
    })
    .input(inviteInput)
    .output(z.object({ invitation: invitationView }))
    .mutation(async ({ ctx, input }) => ({ invitation: await invite(ctx, input) })),

  resendInvitation: tenantProcedure("team:manage")
    .meta({
      openapi: {
        method: "POST",
        path: "/api/tenant/{slug}/invitations/{invitationId}/resend",
        tags,
        summary: "Send an invitation again; its old link ends",
      },
    })
    .input(invitationInput)
    .output(z.object({ invitation: invitationView }))
    .mutation(async ({ ctx, input }) => ({ invitation: await resendInvitation(ctx, input.invitationId) })),

  withdrawInvitation: tenantProcedure("team:manage")
    .meta({
      openapi: {
        method: "DELETE",
        path: "/api/tenant/{slug}/invitations/{invitationId}",
        tags,
        summary: "Withdraw an invitation",
      },
    })
    .input(invitationInput)
    .output(ok)
    .mutation(async ({ ctx, input }) => {
      await withdrawInvitation(ctx, input.invitationId);
      return done;
    }),

  // It changes nothing, and is a mutation all the same: a query's input is part of its address, and this is a secret.
  previewInvitation: foundingProcedure
    .meta({
      openapi: { method: "POST", path: "/api/invitations/preview", tags, summary: "What an invitation is to" },
    })
    .input(tokenInput)
    .output(invitationPreview)
    .mutation(({ ctx, input }) => previewInvitation(ctx, input.token)),

  acceptInvitation: foundingUserProcedure
    .meta({
      openapi: { method: "POST", path: "/api/invitations/accept", tags, summary: "Join by an invitation" },
    })
    .input(tokenInput)
    .output(z.object({ tenant: tenantView }))
    .mutation(async ({ ctx, input }) => ({ tenant: await acceptInvitation(ctx, input.token) })),
});
