import { ServiceError } from "@kombify/agent-contract";
import type { Transaction, UserId } from "@kombify/db";
import { invitations, memberships, tenants, users } from "@kombify/db/schema";
import { and, eq, gt, isNull, sql } from "drizzle-orm";
import type { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import type { UserContext, VerbContext } from "../context.ts";
import { tellStacksOf } from "../identity/end-stack-sessions.ts";
import { invitationTokenHash } from "./invitation-token.ts";
import type { TenantView } from "./schemas.ts";
import { lockTeam, notifyTeam, requirePlace, withArticle } from "./team.ts";
import type { invitationPreview } from "./team-schemas.ts";

type Invitation = typeof invitations.$inferSelect;

/** @throws ServiceError NOT_FOUND */
async function findInvitation(tx: Transaction, token: string): Promise<Invitation> {
  const [found] = await tx
    .select()
    .from(invitations)
    .where(eq(invitations.tokenHash, invitationTokenHash(token)));
  if (!found)
    throw new ServiceError(
      "NOT_FOUND",
      "This link leads to no invitation. It may be cut off, or a newer mail has replaced it.",
    );
  return found;
}

/** Why an invitation cannot be accepted any more; null while it can. */
function closedBecause(invitation: Invitation): string | null {
  if (invitation.acceptedAt) return "This invitation was accepted already. Each works once.";
  if (invitation.withdrawnAt) return "This invitation was withdrawn. Ask for a new one if you think that is a mistake.";
  if (invitation.expiresAt <= new Date())
    return "This invitation has expired: it was good for 7 days. Ask for a new one.";
  return null;
}

function requireOpen(invitation: Invitation): void {
  const reason = closedBecause(invitation);
  if (reason) throw new ServiceError("PRECONDITION", reason);
}

/** What an open invitation says, for whoever holds its link. @throws ServiceError NOT_FOUND, PRECONDITION */
export const previewInvitation = (ctx: VerbContext, token: string): Promise<z.output<typeof invitationPreview>> =>
  ctx.db.transaction(async (tx) => {
    const invitation = await findInvitation(tx, token);
    requireOpen(invitation);
    const [named] = await tx
      .select({ tenantName: tenants.name, invitedBy: users.name })
      .from(tenants)
      .leftJoin(users, eq(users.id, sql`${invitation.invitedBy}::uuid`))
      .where(eq(tenants.id, invitation.tenantId));
    if (!named) throw new ServiceError("NOT_FOUND", "The homelab of this invitation is no longer there.");
    const { email, role, expiresAt } = invitation;
    return { email, role, expiresAt, ...named };
  });

/** `a•••@example.com`: enough to recognise one's own address. */
const masked = (email: string): string => `${[...email][0] ?? ""}•••@${email.slice(email.lastIndexOf("@") + 1)}`;

/**
 * Makes a person a member by an invitation, inside the caller's transaction. Of many who try at once one gets in.
 * @throws ServiceError NOT_FOUND; FORBIDDEN when it is for another address; PRECONDITION when it was accepted or
 * withdrawn or has expired; CONFLICT for a member; LIMIT_REACHED when the plan has become too small.
 */
export async function acceptInvitationIn(
  tx: Transaction,
  ctx: Pick<VerbContext, "actor" | "request">,
  person: { id: UserId; email: string; name: string },
  token: string,
): Promise<TenantView> {
  const { id, tenantId, email } = await findInvitation(tx, token);
  if (email !== person.email)
    throw new ServiceError(
      "FORBIDDEN",
      `This invitation is for ${masked(email)}, and you are ${masked(person.email)}. Sign in with the address that it was sent to.`,
    );
  // Whoever invites locks the team first and the invitation second; so does this.
  const tenant = await lockTeam(tx, tenantId);
  const [taken] = await tx
    .update(invitations)
    .set({ acceptedAt: new Date(), acceptedBy: person.id })
    .where(
      and(
        eq(invitations.id, id),
        eq(invitations.tokenHash, invitationTokenHash(token)),
        isNull(invitations.acceptedAt),
        isNull(invitations.withdrawnAt),
        gt(invitations.expiresAt, new Date()),
      ),
    )
    .returning({ role: invitations.role });
  if (!taken) {
    requireOpen(await findInvitation(tx, token));
    throw new ServiceError("PRECONDITION", "This invitation has just ended. Ask for a new one.");
  }
  // Its place was kept since it was sent, unless the plan has become smaller.
  await requirePlace(tx, tenant, await tx.$count(memberships, eq(memberships.tenantId, tenantId)));
  const joined = await tx
    .insert(memberships)
    .values({ tenantId, userId: person.id, role: taken.role })
    .onConflictDoNothing()
    .returning({ role: memberships.role });
  if (joined.length === 0) throw new ServiceError("CONFLICT", "You belong to this homelab already.");
  await recordAudit(tx, ctx, {
    action: "tenants.acceptInvitation",
    targetKind: "invitation",
    targetId: id,
    tenantId,
    summary: `${person.name} joined as ${withArticle(taken.role)}`,
  });
  await notifyTeam(tx, tenantId, person.id);
  await tellStacksOf(tx, { userId: person.id, tenantId });
  return tenant;
}

/** `POST /api/invitations/accept`. */
export async function acceptInvitation(ctx: UserContext, token: string): Promise<TenantView> {
  const { user } = ctx.session;
  const tenant = await ctx.db.transaction((tx) => acceptInvitationIn(tx, ctx, user, token));
  ctx.can.sessions.forget(user.id);
  return tenant;
}

/** The tenant that somebody joined by this invitation before; null when it was not them, or not this way. */
export async function joinedBefore(tx: Transaction, userId: UserId, token: string): Promise<TenantView | null> {
  const invitation = await findInvitation(tx, token);
  return invitation.acceptedBy === userId ? lockTeam(tx, invitation.tenantId) : null;
}
