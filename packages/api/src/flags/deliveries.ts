/** What hosts say that they have stored, tenant by tenant. */
import type { InstanceId, TenantId, Transaction } from "@kombify/db";
import { notifyChange } from "@kombify/db";
import { type SQL, sql } from "drizzle-orm";

/**
 * The part of a statement that writes what a report says of flags: rows that say what is written already are left alone, and
 * so a heartbeat without news writes nothing. It returns `tenant_id` of each row that changed.
 * @param reported names rows of `tenantId`, `generation` and `flags` (json), as the report has them.
 */
export const reportedDeliveries = (reported: SQL, instanceId: InstanceId): SQL => sql`
  insert into flag_deliveries as d (tenant_id, instance_id, revision, digest, error, acknowledged_at)
  select t.id, ${instanceId}::uuid, (r.flags ->> 'revision')::bigint, r.flags ->> 'digest', r.flags ->> 'error', clock_timestamp()
  from ${reported} r join tenants t on t.id = r."tenantId" and t.generation = r.generation
  where r.flags is not null and t.instance_id = ${instanceId}::uuid and not exists (
    select from flag_deliveries e where e.tenant_id = t.id and e.instance_id = ${instanceId}::uuid
      and e.revision = (r.flags ->> 'revision')::bigint and e.digest = r.flags ->> 'digest' and e.error is not distinct from r.flags ->> 'error')
  order by t.id
  on conflict (tenant_id) do update set instance_id = excluded.instance_id, revision = excluded.revision, digest = excluded.digest,
    error = excluded.error, acknowledged_at = case
      when (d.instance_id, d.revision, d.digest) is distinct from (excluded.instance_id, excluded.revision, excluded.digest)
      then excluded.acknowledged_at else d.acknowledged_at end
  returning tenant_id`;

/** Tells pages of it; of many at once in one word. */
export async function notifyDeliveries(tx: Transaction, tenants: readonly TenantId[]): Promise<void> {
  const [first, ...others] = tenants;
  if (first !== undefined) await notifyChange(tx, { noun: "flag-deliveries", id: others.length > 0 ? "*" : first });
}

/** Writes what a host has answered to a push. What it reported meanwhile is not set back. */
export async function recordDelivery(
  tx: Transaction,
  delivery: { tenantId: TenantId; instanceId: InstanceId; revision: number; digest: string },
): Promise<void> {
  const { tenantId, instanceId, revision, digest } = delivery;
  const written = await tx.execute(sql`
    insert into flag_deliveries as d (tenant_id, instance_id, revision, digest, acknowledged_at)
    values (${tenantId}, ${instanceId}, ${revision}, ${digest}, clock_timestamp())
    on conflict (tenant_id) do update set instance_id = excluded.instance_id, revision = excluded.revision, digest = excluded.digest,
      error = null, acknowledged_at = excluded.acknowledged_at
    where d.instance_id <> excluded.instance_id or d.revision < excluded.revision or d.error is not null
    returning d.tenant_id`);
  if (written.length > 0) await notifyDeliveries(tx, [tenantId]);
}
