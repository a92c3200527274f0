/**
 * Places on instances. One statement picks the emptiest instance that is well, locks its row, takes a place and raises
 * the revision; a check constraint behind it refuses a tenant too many whatever this file does.
 */
import { type InstanceId, notifyChange, type Transaction } from "@kombify/db";
import { sql } from "drizzle-orm";

export interface Place {
  instanceId: InstanceId;
  instanceName: string;
  revision: number;
}

/** Placeable: joined, not cordoned, heard of within 45 s, with room. */
const CANDIDATES = sql`
  select i.id from instances i join instance_reports r on r.instance_id = i.id
  where i.lifecycle = 'active' and i.cordoned_at is null and r.connection = 'connected'
    and r.last_seen_at > now() - interval '45 seconds' and i.places_used < i.capacity
  order by i.places_used::float8 / i.capacity, i.places_used, i.id limit 1`;

async function takeFrom(tx: Transaction, lock: ReturnType<typeof sql>): Promise<Place | null> {
  const [row] = await tx.execute<{ id: InstanceId; name: string; revision: string }>(sql`
    update instances set places_used = places_used + 1, desired_revision = desired_revision + 1
    where id = (${CANDIDATES} ${lock}) returning id, name, desired_revision as revision`);
  return row ? { instanceId: row.id, instanceName: row.name, revision: Number(row.revision) } : null;
}

/**
 * Takes a place for a tenant, as the system.
 * @returns null when no instance has room now. Rows that others hold are passed over first and waited for only when
 * nothing else is left, so that a full house is never reported while a place is being given back or taken elsewhere.
 */
export async function takePlace(tx: Transaction): Promise<Place | null> {
  for (;;) {
    const place = (await takeFrom(tx, sql`for update of i skip locked`)) ?? (await takeFrom(tx, sql`for update of i`));
    if (place) {
      await notifyChange(tx, { noun: "instances", id: place.instanceId, revision: place.revision });
      return place;
    }
    // The row that was waited for may have filled meanwhile while another one has room: look again before giving up.
    const room = await tx.execute(CANDIDATES);
    if (room.length === 0) return null;
  }
}
