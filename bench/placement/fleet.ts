/** Instances with room, and tenants that wait for a place. */
import type { TenantId } from "@kombify/db";
import postgres, { type Sql } from "postgres";

const INSTANCES = 100;
const PLACES_EACH = 200;

export type Fleet = {
  /** The owner's connections. */
  sql: Sql;
  /** Tenants without a place, each handed out once. */
  takeWaiting(count: number): TenantId[];
  /** Heartbeats, without which nothing is placed. */
  beat(): Promise<void>;
  /** Makes tenants that have their place already, spread evenly. */
  addPlaced(count: number): Promise<void>;
  /** Takes places back and clears away what that leaves in the tables, so that the next turn meets the same state. */
  giveBack(tenantIds: readonly TenantId[]): Promise<void>;
  /** @throws Error when the counted places are not those that tenants have. */
  assertConsistent(placed: number): Promise<void>;
  close(): Promise<void>;
};

/** @param waiting how many tenants wait. @param connections of the owner. */
export async function createFleet(ownerUrl: string, waiting: number, connections: number): Promise<Fleet> {
  const sql = postgres(ownerUrl, { max: connections, onnotice: () => undefined });
  await sql`insert into instances (id, name, lifecycle, capacity)
    select gen_random_uuid(), 'host' || n, 'active', ${PLACES_EACH} from generate_series(1, ${INSTANCES}::int) n`;
  await sql`insert into instance_reports (instance_id, connection, last_seen_at) select id, 'connected', now() from instances`;
  const rows = await sql<{ id: TenantId }[]>`insert into tenants (id, slug, org_id, name, status)
    select id, 'lab' || n, id, 'Homelab ' || n, 'waiting_for_capacity'
    from (select gen_random_uuid() as id, n from generate_series(1, ${waiting}::int) n) as made returning id`;
  const queue = rows.map(({ id }) => id);
  await sql`vacuum analyze`;
  return {
    sql,
    takeWaiting: (count) => queue.splice(0, count),
    beat: async () => {
      await sql`update instance_reports set last_seen_at = now()`;
    },
    addPlaced: async (count) => {
      await sql`with made as (
          insert into tenants (id, slug, org_id, name, status, instance_id)
          select gen_random_uuid(), 'old' || n, gen_random_uuid(), 'Old ' || n, 'active', i.id
          from generate_series(1, ${count}::int) n
            join (select id, row_number() over () - 1 as at from instances) i on i.at = n % ${INSTANCES}::int returning instance_id),
        taken as (select instance_id, count(*)::int as places from made group by instance_id)
        update instances set places_used = places_used + places from taken where id = instance_id`;
      await sql`vacuum analyze`;
    },
    giveBack: async (tenantIds) => {
      await sql`with back as (select instance_id, count(*)::int as places from tenants where id = any(${[...tenantIds]}) group by instance_id)
        update instances set places_used = places_used - places from back where id = instance_id`;
      await sql`update tenants set status = 'waiting_for_capacity', instance_id = null where id = any(${[...tenantIds]})`;
      await sql`vacuum tenants`;
      await sql`vacuum instances`;
      queue.push(...tenantIds);
    },
    assertConsistent: async (placed) => {
      const [row] = await sql<{ used: number; tenants: number; fullest: number; emptiest: number }[]>`
        select sum(places_used)::int as used, max(places_used) as fullest, min(places_used) as emptiest,
          (select count(*)::int from tenants where instance_id is not null) as tenants from instances`;
      if (!row || row.used !== placed || row.tenants !== placed || row.fullest - row.emptiest > 10)
        throw new Error(`${placed} tenants were placed, and the tables say ${JSON.stringify(row)}.`);
    },
    close: () => sql.end({ timeout: 5 }),
  };
}
