/**
 * Asking people into a tenant. An invitation is for one address, good once and for seven days; there is one open
 * invitation per address and tenant, and it keeps a place of the plan. Its token is in the mail and nowhere else.
 */
import { ServiceError } from "@kombify/agent-contract";
import { type InvitationId, newId, type Transaction } from "@kombify/db";
import { invitations, memberships, users } from "@kombify/db/schema";
import { and, eq, isNull } from "drizzle-orm";
import type { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import type { TenantContext } from "../context.ts";
import { queueMail } from "../mail/queue-mail.ts";
import { invitationTokenHash, newInvitationToken } from "./invitation-token.ts";
import { invitationMail } from "./mails.ts";
import type { TenantView } from "./schemas.ts";
import { countPlaces, lockTeamFor, notifyTeam, requireMayManage, requirePlace, withArticle } from "./team.ts";
import type { GivenRole, InvitationView, inviteInput } from "./team-schemas.ts";

const LIFETIME_MS = 7 * 24 * 3600 * 1000;

const isOpen = and(isNull(invitations.acceptedAt), isNull(invitations.withdrawnAt));

/** Each invitation is a mail to somebody who did not ask for it. @throws ServiceError LIMIT_REACHED */
const throttle = (ctx: TenantContext) =>
  ctx.can.throttle.consume("invitation", `${ctx.session.user.id} ${ctx.tenant.id}`);

/** Open invitations, the newest first; those that have expired too, so that they can be sent again. */
export const listInvitations = (ctx: TenantContext) =>
  ctx.db.read<InvitationView>(
    (sql) => sql`select i.id, i.email, i.role, u.name as "invitedBy", i.created_at as "createdAt",
        i.expires_at as "expiresAt", i.expires_at <= now() as "isExpired"
      from invitations i left join users u on u.id = i.invited_by
      where i.tenant_id = ${ctx.tenant.id} and i.accepted_at is null and i.withdrawn_at is null
      order by i.id desc`,
  );

/**
 * Invites an address and writes to it. An open invitation of the same address is replaced: its link ends.
 * @throws ServiceError CONFLICT when the person is a member; LIMIT_REACHED when the plan is full, or too many were sent;
 * FORBIDDEN, PRECONDITION
 */
export async function invite(ctx: TenantContext, input: z.output<typeof inviteInput>): Promise<InvitationView> {
  await throttle(ctx);
  return ctx.db.transaction(async (tx) => {
    const { tenant, myRole } = await lockTeamFor(tx, ctx, "team:manage");
    requireMayManage(myRole, input.role);
    await refuseMember(tx, ctx, input.email);
    const { members, invited } = await countPlaces(tx, tenant.id, input.email);
    await requirePlace(tx, tenant, members + invited);
    await tx
      .update(invitations)
      .set({ withdrawnAt: new Date() })
      .where(and(eq(invitations.tenantId, tenant.id), eq(invitations.email, input.email), isOpen));
    const token = newInvitationToken();
    const [invitation] = await tx
      .insert(invitations)
      .values({
        id: newId(),
        tenantId: tenant.id,
        email: input.email,
        role: input.role,
        tokenHash: invitationTokenHash(token),
        invitedBy: ctx.session.user.id,
        expiresAt: new Date(Date.now() + LIFETIME_MS),
      })
      .returning();
    if (!invitation) throw new Error("An insert without a conflict clause returns its row.");
    await deliver(tx, ctx, tenant, invitation, token);
    await record(tx, ctx, "tenants.invite", invitation.id, `Invited ${input.email} as ${withArticle(input.role)}`);
    return viewOf(ctx, invitation);
  });
}

/**
 * Writes once more, with a new link and another seven days; the old link ends.
 * @throws ServiceError NOT_FOUND, LIMIT_REACHED, FORBIDDEN
 */
export async function resendInvitation(ctx: TenantContext, id: InvitationId): Promise<InvitationView> {
  await throttle(ctx);
  return ctx.db.transaction(async (tx) => {
    const { tenant, invitation } = await openInvitation(tx, ctx, id);
    // One that has expired had given its place back.
    const { members, invited } = await countPlaces(tx, tenant.id, invitation.email);
    await requirePlace(tx, tenant, members + invited);
    const token = newInvitationToken();
    const renewed = {
      tokenHash: invitationTokenHash(token),
      invitedBy: ctx.session.user.id,
      expiresAt: new Date(Date.now() + LIFETIME_MS),
    };
    await tx.update(invitations).set(renewed).where(eq(invitations.id, id));
    await deliver(tx, ctx, tenant, { ...invitation, ...renewed }, token);
    await record(tx, ctx, "tenants.resendInvitation", id, `Sent the invitation of ${invitation.email} again`);
    return viewOf(ctx, { ...invitation, ...renewed });
  });
}

/** Ends an invitation: its link says so from now on. @throws ServiceError NOT_FOUND, FORBIDDEN */
export async function withdrawInvitation(ctx: TenantContext, id: InvitationId): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const { invitation } = await openInvitation(tx, ctx, id);
    await tx.update(invitations).set({ withdrawnAt: new Date() }).where(eq(invitations.id, id));
    await record(tx, ctx, "tenants.withdrawInvitation", id, `Withdrew the invitation of ${invitation.email}`);
  });
}

/** An open invitation whose role the caller may give, with the team locked. */
async function openInvitation(tx: Transaction, ctx: TenantContext, id: InvitationId) {
  const { tenant, myRole } = await lockTeamFor(tx, ctx, "team:manage");
  const [invitation] = await tx
    .select()
    .from(invitations)
    .where(and(eq(invitations.id, id), eq(invitations.tenantId, tenant.id), isOpen));
  if (!invitation)
    throw new ServiceError("NOT_FOUND", "There is no such open invitation. It may have been accepted or withdrawn.");
  requireMayManage(myRole, invitation.role);
  return { tenant, invitation };
}

async function refuseMember(tx: Transaction, ctx: TenantContext, email: string): Promise<void> {
  const [member] = await tx
    .select({ id: users.id })
    .from(memberships)
    .innerJoin(users, eq(users.id, memberships.userId))
    .where(and(eq(memberships.tenantId, ctx.tenant.id), eq(users.email, email)));
  if (!member) return;
  const message = "This person belongs to the team already.";
  throw new ServiceError("CONFLICT", message, { fields: [{ path: "email", message }] });
}

type Row = typeof invitations.$inferSelect;

const deliver = (
  tx: Transaction,
  ctx: TenantContext,
  tenant: TenantView,
  { email, role, expiresAt }: Row,
  token: string,
) =>
  queueMail(
    tx,
    ctx.can,
    invitationMail({
      recipient: email,
      inviterName: ctx.session.user.name,
      tenantName: tenant.name,
      role: role satisfies GivenRole,
      token,
      expiresAt,
      cloudUrl: ctx.can.urls.cloud,
    }),
  );

async function record(tx: Transaction, ctx: TenantContext, action: string, id: InvitationId, summary: string) {
  await recordAudit(tx, ctx, { action, targetKind: "invitation", targetId: id, tenantId: ctx.tenant.id, summary });
  await notifyTeam(tx, ctx.tenant.id);
}

const viewOf = (ctx: TenantContext, { id, email, role, createdAt, expiresAt }: Row): InvitationView => ({
  id,
  email,
  role,
  invitedBy: ctx.session.user.name,
  createdAt,
  expiresAt,
  isExpired: false,
});
