/**
 * The homelab of an organisation at a provider. Which organisation somebody belongs to is what the provider's database
 * says (`resourceowner`), and only homelabs that came from the same issuer are meant by it.
 */
import type { MemberRole } from "@kombify/agent-contract";
import { notifyChange, type TenantId, type Transaction, type UserId } from "@kombify/db";
import { sql } from "drizzle-orm";
import { recordAudit } from "../audit/record.ts";
import { memberLimitOf } from "../billing/member-limit.ts";
import type { Membership, VerbContext } from "../context.ts";
import { endStackSessions, tellStacksOf } from "../identity/end-stack-sessions.ts";
import type { ProviderIdentity } from "../identity/provider-claims.ts";
import { SignInRefusal } from "../identity/sign-in-refusal.ts";
import { createTenantIn } from "./create-tenant.ts";
import { homelabOf } from "./sign-up.ts";

type Ctx = Pick<VerbContext, "actor" | "request">;
interface Found {
  id: TenantId;
  slug: string;
  plan: Membership["plan"];
  orgIssuer: string | null;
  role: MemberRole | null;
  memberCount: number;
  otherOwners: number;
}

const findTenant = async (tx: Transaction, organisationId: string, userId: UserId): Promise<Found | null> => {
  // One at a time: two people of a new organisation make one homelab, and two owners are not demoted at once.
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`organisation ${organisationId}`}, 0))`);
  const [found] = await tx.execute<Found & Record<string, unknown>>(sql`
    select t.id, t.slug, t.plan, t.org_issuer as "orgIssuer",
      (select role from memberships m where m.tenant_id = t.id and m.user_id = ${userId}) as role,
      (select count(*)::int from memberships m where m.tenant_id = t.id) as "memberCount",
      (select count(*)::int from memberships m where m.tenant_id = t.id and m.role = 'owner' and m.user_id <> ${userId}) as "otherOwners"
    from tenants t where t.org_id = ${organisationId}`);
  return found ?? null;
};

/**
 * Gives somebody their place in the homelab of their organisation, and makes that when there is none; brings their role up
 * to date with what the provider says. Its last owner stays one.
 * @returns the homelab's address, and whether it is new.
 * @throws SignInRefusal when the provider gives no role there, or the plan has no room.
 */
export async function joinOrganisation(
  tx: Transaction,
  ctx: Ctx,
  person: { id: UserId; name: string },
  identity: ProviderIdentity & { organisation: { id: string; name: string } },
): Promise<{ slug: string; isNew: boolean }> {
  const { organisation, provider, role } = identity;
  const { issuer } = provider;
  const found = await findTenant(tx, organisation.id, person.id);
  if (!found) {
    const name = organisation.name.trim().length >= 2 ? organisation.name.trim().slice(0, 60) : homelabOf(person.name);
    const input = { name, ownerId: person.id, organisation: { issuer, id: organisation.id } };
    return { slug: (await createTenantIn(tx, ctx, input)).slug, isNew: true };
  }
  if (found.orgIssuer !== issuer)
    throw new SignInRefusal(
      "organisation-taken",
      "CONFLICT",
      "A homelab of another origin has your organisation's id.",
    );
  const isMember = found.role !== null;
  if (!role && !isMember)
    throw new SignInRefusal(
      "no-role",
      "FORBIDDEN",
      `${provider.name} gives you no role in the homelab of your organisation. Ask its owner for one.`,
    );
  if (!isMember && found.memberCount >= (await memberLimitOf(tx, found.plan)))
    throw new SignInRefusal("members-full", "LIMIT_REACHED", "The homelab has as many members as its plan allows.");
  const isLastOwner = found.role === "owner" && found.otherOwners === 0;
  if (!role || role === found.role || isLastOwner) return { slug: found.slug, isNew: false };
  // What is open on the Stack was opened with the old role.
  if (isMember) await endStackSessions(tx, { userId: person.id, tenantId: found.id });
  await tx.execute(sql`insert into memberships (tenant_id, user_id, role) values (${found.id}, ${person.id}, ${role})
    on conflict (tenant_id, user_id) do update set role = excluded.role`);
  await recordAudit(tx, ctx, {
    action: isMember ? "tenants.changeRole" : "tenants.join",
    targetKind: "tenant",
    targetId: found.id,
    tenantId: found.id,
    summary: isMember ? `${person.name} is ${role} now, says ${provider.name}` : `${person.name} joined as ${role}`,
  });
  await notifyChange(tx, { noun: "sessions", id: person.id });
  await notifyChange(tx, { noun: "tenants", id: found.id });
  await tellStacksOf(tx, { userId: person.id, tenantId: found.id });
  return { slug: found.slug, isNew: false };
}
