import { type InstanceId, notifyChange, type TenantId, type Transaction, type UserId } from "@kombify/db";
import { sql } from "drizzle-orm";

const tenantsOf = ({ userId, tenantId }: { userId: UserId; tenantId?: TenantId }) =>
  sql`select m.tenant_id from memberships m where m.user_id = ${userId}
    and m.tenant_id = coalesce(${tenantId ?? null}::uuid, m.tenant_id)`;

/**
 * Tells the Stacks of a person's tenants to end what the person has open there: everything, or what was launched from one
 * session of the portal, or what is open on one tenant's Stack. Agents hear of it with their next document, which a
 * hint brings at once; sessions that are launched later are not meant.
 *
 * Call it before a membership is taken away: it looks for the tenants among the memberships.
 */
export async function endStackSessions(
  tx: Transaction,
  whose: { userId: UserId; tenantId?: TenantId; sessionId?: string },
): Promise<void> {
  await tx.execute(sql`
    insert into session_endings (id, user_id, tenant_id, session_id, ended_at)
    select gen_random_uuid(), ${whose.userId}, tenant_id, ${whose.sessionId ?? null}, clock_timestamp() from (${tenantsOf(whose)}) t`);
  await tellStacksOf(tx, whose);
}

/**
 * Lets the Stacks of a person's tenants hear who belongs to them and by which accounts they are known. Call it after a
 * membership or an account was added.
 */
export async function tellStacksOf(tx: Transaction, whose: { userId: UserId; tenantId?: TenantId }): Promise<void> {
  const raised = await tx.execute<{ id: InstanceId; revision: string }>(sql`
    update instances set desired_revision = desired_revision + 1
    where id in (select t.instance_id from tenants t where t.id in (${tenantsOf(whose)})) returning id, desired_revision as revision`);
  for (const { id, revision } of raised) await notifyChange(tx, { noun: "instances", id, revision: Number(revision) });
}
