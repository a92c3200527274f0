/**
 * Who belongs to a tenant, as every verb about members sees it. One owner, always; admins look after members and viewers,
 * the owner after everybody. Every change locks the tenant's row first, so changes of one team happen one after another.
 */
import { type MemberRole, ServiceError } from "@kombify/agent-contract";
import { notifyChange, type TenantId, type Transaction, type UserId } from "@kombify/db";
import { invitations, memberships, tenants } from "@kombify/db/schema";
import { and, eq, isNull, ne, sql } from "drizzle-orm";
import { memberLimitOf } from "../billing/member-limit.ts";
import type { TenantContext } from "../context.ts";
import { TENANT_PERMISSIONS, type TenantPermission } from "../permissions.ts";
import { tenantColumns } from "./create-tenant.ts";
import type { TenantView } from "./schemas.ts";
import type { GivenRole } from "./team-schemas.ts";

/**
 * Locks a tenant until the transaction ends, against every other change of its team.
 * @throws ServiceError NOT_FOUND; PRECONDITION when it is being deleted.
 */
export async function lockTeam(tx: Transaction, tenantId: TenantId): Promise<TenantView> {
  const [tenant] = await tx.select(tenantColumns).from(tenants).where(eq(tenants.id, tenantId)).for("no key update");
  if (!tenant) throw new ServiceError("NOT_FOUND", "There is no such homelab.");
  if (tenant.status === "deleting") throw new ServiceError("PRECONDITION", "This homelab is being deleted.");
  return tenant;
}

export async function roleOf(tx: Transaction, tenantId: TenantId, userId: UserId): Promise<MemberRole | null> {
  const [membership] = await tx
    .select({ role: memberships.role })
    .from(memberships)
    .where(and(eq(memberships.tenantId, tenantId), eq(memberships.userId, userId)));
  return membership?.role ?? null;
}

/**
 * Locks the context's tenant and asks once more what the caller is in it: what the session remembers may have been
 * changed by whoever held the lock before.
 * @throws ServiceError NOT_FOUND, FORBIDDEN, PRECONDITION
 */
export async function lockTeamFor(tx: Transaction, ctx: TenantContext, permission: TenantPermission) {
  const tenant = await lockTeam(tx, ctx.tenant.id);
  const myRole = await roleOf(tx, ctx.tenant.id, ctx.session.user.id);
  if (!myRole) throw new ServiceError("NOT_FOUND", "There is no such homelab among yours.");
  const holders: readonly MemberRole[] = TENANT_PERMISSIONS[permission];
  if (!holders.includes(myRole))
    throw new ServiceError("FORBIDDEN", `Your role in this homelab (${myRole}) does not allow this.`);
  return { tenant, myRole };
}

/** Whether somebody with one role may invite, change or remove somebody with the other. */
export const mayManage = (mine: MemberRole, theirs: MemberRole): boolean =>
  mine === "owner" ? theirs !== "owner" : mine === "admin" && (theirs === "member" || theirs === "viewer");

/** @throws ServiceError FORBIDDEN */
export function requireMayManage(mine: MemberRole, theirs: MemberRole): void {
  if (mayManage(mine, theirs)) return;
  const message =
    theirs === "owner"
      ? "The owner's role changes when the owner hands the homelab over, and in no other way."
      : "Only the owner can do this with admins.";
  throw new ServiceError("FORBIDDEN", message);
}

/** Members and open invitations that have not expired. @param exceptEmail an address whose invitation is being replaced. */
export async function countPlaces(tx: Transaction, tenantId: TenantId, exceptEmail = "") {
  const members = await tx.$count(memberships, eq(memberships.tenantId, tenantId));
  const invited = await tx.$count(
    invitations,
    and(
      eq(invitations.tenantId, tenantId),
      isNull(invitations.acceptedAt),
      isNull(invitations.withdrawnAt),
      sql`${invitations.expiresAt} > now()`,
      ne(invitations.email, exceptEmail),
    ),
  );
  return { members, invited };
}

/**
 * @throws ServiceError LIMIT_REACHED when the plan has no place for one more. Waiting does not help, so it is a 409 and
 * not the 429 of a limit on how often.
 */
export async function requirePlace(tx: Transaction, tenant: TenantView, taken: number): Promise<void> {
  const max = await memberLimitOf(tx, tenant.plan);
  if (taken < max) return;
  const people = max === 1 ? "one person" : `${max} people`;
  throw new ServiceError(
    "LIMIT_REACHED",
    `The ${tenant.plan} plan has room for ${people}, open invitations included. Remove somebody, withdraw an invitation or take a larger plan.`,
    { status: 409 },
  );
}

/** Tells every process that somebody's memberships changed, and who looks at the tenant that its team did. */
export async function notifyTeam(tx: Transaction, tenantId: TenantId, ...people: UserId[]): Promise<void> {
  for (const id of people) await notifyChange(tx, { noun: "sessions", id });
  await notifyChange(tx, { noun: "tenants", id: tenantId });
}

export const withArticle = (role: GivenRole): string => (role === "admin" ? "an admin" : `a ${role}`);
