/** Reading instances: what is wished (instances) beside what the agent says (instance_reports). */
import type { ScopedDatabase } from "@kombify/db";
import type { Sql } from "postgres";
import type { z } from "zod";
import { decodeCursor, encodeCursor, pageOfRows } from "../page.ts";
import type { InstanceDetailView, InstanceView, listInstancesInput } from "./schemas.ts";

const columns = (sql: Sql) => sql`
  i.id, i.name, i.region, i.lifecycle, i.cordoned_at as "cordonedAt", i.public_url as "publicUrl", i.internal_url as "internalUrl",
  i.engine, i.capacity, i.capacity_limit as "capacityLimit", i.places_used as "placesUsed", i.desired_revision::float8 as "desiredRevision", i.created_at as "createdAt",
  r.connection, r.health, r.health_detail as "healthDetail", r.applied_revision::float8 as "appliedRevision",
  r.last_seen_at as "lastSeenAt", case when r.boot_epoch > 0 then to_timestamp(r.boot_epoch / 1000.0) end as "lastBootAt",
  r.versions, r.orphans, r.upgrade`;

/** One instance, or undefined. */
export const readInstance = async (db: ScopedDatabase, id: string): Promise<InstanceView | undefined> => {
  const [row] = await db.read<InstanceView>(
    (sql) =>
      sql`select ${columns(sql)} from instances i join instance_reports r on r.instance_id = i.id where i.id = ${id}`,
  );
  return row;
};

/** A page of instances with the number of all that match. */
export async function listInstances(db: ScopedDatabase, input: z.output<typeof listInstancesInput>) {
  const descending = input.sort.startsWith("-");
  const byName = input.sort.endsWith("name");
  const cursor = input.cursor ? decodeCursor(input.cursor) : null;
  const search = input.search ? `%${input.search.replace(/[\\%_]/g, "\\$&")}%` : null;
  const rows = await db.read<InstanceView & { total: number }>((sql) => {
    const key = byName ? sql`i.name` : sql`i.created_at`;
    const after = cursor
      ? sql`and (${key}, i.id) ${descending ? sql`<` : sql`>`} (${byName ? sql`${cursor.value}::text` : sql`${cursor.value}::timestamptz`}, ${cursor.id}::uuid)`
      : sql``;
    const matching = sql`instances i join instance_reports r on r.instance_id = i.id
      where (${search}::text is null or i.name ilike ${search} or i.region ilike ${search} or i.public_url ilike ${search})
        and (${input.connection ?? null}::text is null or r.connection = ${input.connection ?? null})`;
    const direction = descending ? sql`desc` : sql`asc`;
    return sql`select ${columns(sql)}, (select count(*)::int from ${matching}) as total from ${matching} ${after}
      order by ${key} ${direction}, i.id ${direction} limit ${input.limit + 1}`;
  });
  const page = pageOfRows(rows, input.limit, (row) => encodeCursor(byName ? row.name : row.createdAt, row.id));
  return { ...page, total: rows[0]?.total ?? 0 };
}

/** What has happened to an instance lately, its certificates, and whether a join token is open. */
export async function readInstanceHistory(
  db: ScopedDatabase,
  id: string,
): Promise<Pick<InstanceDetailView, "events" | "certificates" | "joinToken">> {
  const [events, certificates, tokens] = await Promise.all([
    db.read<InstanceDetailView["events"][number]>(
      (sql) =>
        sql`select id, at, kind, detail from health_checks where instance_id = ${id} order by at desc, id desc limit 50`,
    ),
    db.read<InstanceDetailView["certificates"][number]>(
      (sql) => sql`select serial, issued_at as "issuedAt", not_after as "notAfter", revoked_at as "revokedAt"
        from agent_certificates where instance_id = ${id} order by issued_at desc limit 10`,
    ),
    db.read<{ expiresAt: Date }>(
      (sql) => sql`select expires_at as "expiresAt" from join_tokens
        where instance_id = ${id} and used_at is null and expires_at > now() order by expires_at desc limit 1`,
    ),
  ]);
  return { events, certificates, joinToken: tokens[0] ?? null };
}
