/**
 * Judges who has gone quiet. Runs every few seconds in the worker. When the judge itself was away, nobody is blamed for
 * its absence: one full window passes first.
 */
import { type InstanceId, notifyChange } from "@kombify/db";
import { sql } from "drizzle-orm";
import type { VerbContext } from "../context.ts";
import { OFFLINE_AFTER_MS, STALE_AFTER_MS } from "../instances/connection.ts";

export const SWEEP_INTERVAL_MS = 5_000;
/** A gap this long between two sweeps means that the control plane was down. Milliseconds. */
const ABSENCE_MS = 30_000;

/** @returns how many instances changed their state. */
export function sweepConnections(ctx: VerbContext): Promise<number> {
  return ctx.db.transaction(async (tx) => {
    const [watch] = await tx.execute<{ isGrace: boolean }>(sql`
      insert into fleet_watch (id, last_sweep_at, grace_until) values ('fleet', clock_timestamp(), clock_timestamp() + ${OFFLINE_AFTER_MS} * interval '1 ms')
      on conflict (id) do update set last_sweep_at = clock_timestamp(),
        grace_until = case when fleet_watch.last_sweep_at < clock_timestamp() - ${ABSENCE_MS} * interval '1 ms'
          then clock_timestamp() + ${OFFLINE_AFTER_MS} * interval '1 ms' else fleet_watch.grace_until end
      returning coalesce(grace_until > clock_timestamp(), false) as "isGrace"`);
    if (watch?.isGrace) return 0;
    const changed = await tx.execute<{ id: InstanceId; connection: string }>(sql`
      update instance_reports r set good_beats = 0, connection = case
          when r.last_seen_at < clock_timestamp() - ${OFFLINE_AFTER_MS} * interval '1 ms' then 'offline' else 'stale' end
      where (r.connection = 'connected' and r.last_seen_at < clock_timestamp() - ${STALE_AFTER_MS} * interval '1 ms')
        or (r.connection = 'stale' and r.last_seen_at < clock_timestamp() - ${OFFLINE_AFTER_MS} * interval '1 ms')
      returning r.instance_id as id, r.connection`);
    for (const { id, connection } of changed) {
      await tx.execute(
        sql`insert into health_checks (id, instance_id, kind, detail) values (gen_random_uuid(), ${id}, ${connection}, 'No heartbeat')`,
      );
      await notifyChange(tx, { noun: "instances", id });
    }
    return changed.length;
  });
}
