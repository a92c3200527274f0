/** What one would write by hand to place a tenant. */
import type { Sql } from "postgres";

/**
 * One UPDATE: picks the emptiest instance that is well, takes a place on it and gives it to the tenant. As the owner of
 * the tables, in a transaction of its own, without telling anybody. @returns how many tenants were placed.
 */
const updateOnce = async (sql: Sql, tenantId: string): Promise<number> => {
  const { count } = await sql`
    with place as (
      update instances set places_used = places_used + 1, desired_revision = desired_revision + 1
      where id = (
        select i.id from instances i join instance_reports r on r.instance_id = i.id
        where i.lifecycle = 'active' and i.cordoned_at is null and r.connection = 'connected'
          and r.last_seen_at > now() - interval '45 seconds' and i.places_used < i.capacity
        order by i.places_used::float8 / i.capacity, i.places_used, i.id limit 1 for update of i skip locked)
      returning id)
    update tenants set status = 'provisioning', instance_id = place.id, placed_at = clock_timestamp()
    from place where tenants.id = ${tenantId}`;
  return count;
};

/** Again when another one took the same place first, which PostgreSQL says by changing no row. */
export async function placeByHand(sql: Sql, tenantId: string): Promise<void> {
  while ((await updateOnce(sql, tenantId)) === 0);
}
