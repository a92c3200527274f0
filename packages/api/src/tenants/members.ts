import { ServiceError } from "@kombify/agent-contract";
import type { Transaction, UserId } from "@kombify/db";
import { memberships, tenants, users } from "@kombify/db/schema";
import { and, eq } from "drizzle-orm";
import type { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import { largerPlan, memberLimitOf } from "../billing/member-limit.ts";
import type { TenantContext } from "../context.ts";
import { endStackSessions } from "../identity/end-stack-sessions.ts";
import { countPlaces, lockTeamFor, notifyTeam, requireMayManage, withArticle } from "./team.ts";
import type { changeRoleInput, MemberView, TeamView, transferInput } from "./team-schemas.ts";

/** Everybody who belongs to the tenant, the owner first, then by how long they have. */
export async function listMembers(ctx: TenantContext): Promise<TeamView> {
  const tenantId = ctx.tenant.id;
  const items = await ctx.db.read<MemberView>(
    (sql) => sql`select u.id as "userId", u.email, u.name, m.role, m.created_at as since
      from memberships m join users u on u.id = m.user_id where m.tenant_id = ${tenantId}
      order by m.role = 'owner' desc, m.created_at, u.id`,
  );
  return ctx.db.transaction(async (tx) => {
    const [tenant] = await tx.select({ plan: tenants.plan }).from(tenants).where(eq(tenants.id, tenantId));
    if (!tenant) throw new ServiceError("NOT_FOUND", "There is no such homelab among yours.");
    const places = { ...(await countPlaces(tx, tenantId)), max: await memberLimitOf(tx, tenant.plan) };
    return { items, plan: tenant.plan, places, larger: await largerPlan(tx, tenant.plan) };
  });
}

/** @throws ServiceError NOT_FOUND when the person does not belong to the tenant. */
async function findMember(tx: Transaction, ctx: TenantContext, userId: UserId) {
  const [member] = await tx
    .select({ id: users.id, name: users.name, role: memberships.role })
    .from(memberships)
    .innerJoin(users, eq(users.id, memberships.userId))
    .where(and(eq(memberships.tenantId, ctx.tenant.id), eq(memberships.userId, userId)));
  if (!member) throw new ServiceError("NOT_FOUND", "Nobody of this team has this id.");
  return member;
}

const membershipOf = (ctx: TenantContext, userId: UserId) =>
  and(eq(memberships.tenantId, ctx.tenant.id), eq(memberships.userId, userId));

const recordTeam = (tx: Transaction, ctx: TenantContext, action: string, userId: UserId, summary: string) =>
  recordAudit(tx, ctx, { action, targetKind: "user", targetId: userId, tenantId: ctx.tenant.id, summary });

/** Gives a role and ends what the person has open on the Stack, which was told the old role when it was opened. */
async function giveRole(tx: Transaction, ctx: TenantContext, userId: UserId, role: MemberView["role"]): Promise<void> {
  await endStackSessions(tx, { userId, tenantId: ctx.tenant.id });
  await tx.update(memberships).set({ role }).where(membershipOf(ctx, userId));
}

/** @throws ServiceError NOT_FOUND, FORBIDDEN */
export async function changeRole(ctx: TenantContext, input: z.output<typeof changeRoleInput>): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const { myRole } = await lockTeamFor(tx, ctx, "team:manage");
    const member = await findMember(tx, ctx, input.userId);
    requireMayManage(myRole, member.role);
    requireMayManage(myRole, input.role);
    if (member.role === input.role) return;
    await giveRole(tx, ctx, member.id, input.role);
    await recordTeam(tx, ctx, "tenants.changeRole", member.id, `Made ${member.name} ${withArticle(input.role)}`);
    await notifyTeam(tx, ctx.tenant.id, member.id);
  });
  ctx.can.sessions.forget(input.userId);
}

async function endMembership(tx: Transaction, ctx: TenantContext, userId: UserId): Promise<void> {
  await endStackSessions(tx, { userId, tenantId: ctx.tenant.id });
  await tx.delete(memberships).where(membershipOf(ctx, userId));
  await notifyTeam(tx, ctx.tenant.id, userId);
}

/** Takes somebody out of the team, and out of the Stack. @throws ServiceError NOT_FOUND, FORBIDDEN, INVALID */
export async function removeMember(ctx: TenantContext, userId: UserId): Promise<void> {
  if (userId === ctx.session.user.id) throw new ServiceError("INVALID", "This is you. To go yourself, leave the team.");
  await ctx.db.transaction(async (tx) => {
    const { myRole } = await lockTeamFor(tx, ctx, "team:manage");
    const member = await findMember(tx, ctx, userId);
    requireMayManage(myRole, member.role);
    await endMembership(tx, ctx, member.id);
    await recordTeam(tx, ctx, "tenants.removeMember", member.id, `Removed ${member.name} from the team`);
  });
  ctx.can.sessions.forget(userId);
}

/** @throws ServiceError PRECONDITION for the owner. */
export async function leaveTenant(ctx: TenantContext): Promise<void> {
  const { user } = ctx.session;
  await ctx.db.transaction(async (tx) => {
    const { myRole } = await lockTeamFor(tx, ctx, "team:leave");
    if (myRole === "owner")
      throw new ServiceError(
        "PRECONDITION",
        "You own this homelab, and a homelab always has an owner. Hand it over to another member first, or have it deleted.",
      );
    await endMembership(tx, ctx, user.id);
    await recordTeam(tx, ctx, "tenants.leave", user.id, `${user.name} left the team`);
  });
  ctx.can.sessions.forget(user.id);
}

/**
 * Hands the tenant over: the member becomes its owner, the owner an admin.
 * @throws ServiceError INVALID when the typed name is not the tenant's; NOT_FOUND, FORBIDDEN
 */
export async function transferOwnership(ctx: TenantContext, input: z.output<typeof transferInput>): Promise<void> {
  const { user } = ctx.session;
  await ctx.db.transaction(async (tx) => {
    const { tenant } = await lockTeamFor(tx, ctx, "tenant:transfer");
    if (input.confirmName !== tenant.name) {
      const message = `This is not the name. Type ${tenant.name}.`;
      throw new ServiceError("INVALID", message, { fields: [{ path: "confirmName", message }] });
    }
    if (input.userId === user.id) {
      const message = "You own it already. Choose another member.";
      throw new ServiceError("INVALID", message, { fields: [{ path: "userId", message }] });
    }
    const next = await findMember(tx, ctx, input.userId);
    await giveRole(tx, ctx, user.id, "admin");
    await giveRole(tx, ctx, next.id, "owner");
    await recordTeam(tx, ctx, "tenants.transferOwnership", next.id, `Handed the homelab over to ${next.name}`);
    await notifyTeam(tx, ctx.tenant.id, user.id, next.id);
  });
  for (const id of [user.id, input.userId]) ctx.can.sessions.forget(id);
}
