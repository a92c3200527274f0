/**
 * Counts what flags gave, by the hour. Owns `flag_usage` and `flag_usage_seen`. Nothing that a host or a client says makes a
 * row for a flag or a variant that is not there, so that the tables are as large as the flags make them.
 */
import type { FlagUsage, Report } from "@kombify/agent-contract";
import type { Database, Transaction } from "@kombify/db";
import { sql } from "drizzle-orm";
import type { AgentContext } from "../context.ts";

/** More than this of one variant between two reports is no count: an hour of all that an engine can do. */
const MOST_AT_ONCE = 1_000_000_000;

const KNOWN = sql`join flags f on f.key = r.key and (r.variant = '' or jsonb_exists(f.variants, r.variant))`;

/** What every concurrent writer does in the same order, or two would wait for each other. */
const addTo = (source: "cloud" | "stack", table: "fresh" | "known") => sql`
  insert into flag_usage as u (key, variant, source, hour, count)
    select key, variant, ${source}, date_trunc('hour', now(), 'UTC'), count from ${sql.identifier(table)}
    order by key, variant
    on conflict (key, variant, source, hour) do update set count = u.count + excluded.count`;

/** PostgreSQL's text has no NUL, and its JSON no half of a character: no flag is called that. */
const isText = (text: string): boolean => !text.includes("\0") && text.isWellFormed();
const recordsOf = (counts: readonly FlagUsage[]) =>
  sql`json_to_recordset(${JSON.stringify(counts.filter(({ key, variant }) => isText(key) && isText(variant)))}::json)
    as r(key text, variant text, count bigint)`;

/**
 * Adds what is new in a report. A host's counts only ever grow within a boot, so the difference to what it had last said is
 * what it counted since, however often a report or its answer was lost. Called for accepted reports alone, in their
 * transaction, after everything else: rows of busy flags are waited for by other hosts' reports until it ends.
 */
export async function takeUsage(
  tx: Transaction,
  ctx: Pick<AgentContext, "instanceId">,
  { bootEpoch, flagUsage = [] }: Pick<Report, "bootEpoch" | "flagUsage">,
): Promise<void> {
  if (flagUsage.length === 0) return;
  await tx.execute(sql`
    with said as (select r.key, r.variant, max(r.count) as count from ${recordsOf(flagUsage)} group by r.key, r.variant),
    fresh as (
      select r.key, r.variant, r.count as total,
        least(r.count - coalesce(s.count, 0), ${MOST_AT_ONCE}::bigint) as count
      from said r ${KNOWN} left join flag_usage_seen s on s.instance_id = ${ctx.instanceId}::uuid and s.key = r.key
        and s.variant = r.variant and s.boot_epoch = ${bootEpoch}::bigint
      where r.count > coalesce(s.count, 0)),
    seen as (
      insert into flag_usage_seen (instance_id, key, variant, boot_epoch, count)
        select ${ctx.instanceId}::uuid, key, variant, ${bootEpoch}::bigint, total from fresh
        on conflict (instance_id, key, variant) do update set boot_epoch = excluded.boot_epoch, count = excluded.count)
    ${addTo("stack", "fresh")}`);
}

/** Adds what Cloud counted since it last said so: differences, each said once. */
export async function addCloudUsage(db: Database, counts: readonly FlagUsage[]): Promise<void> {
  if (counts.length === 0) return;
  await db.as({ kind: "system" }).transaction((tx) =>
    tx.execute(sql`
      with known as (select r.key, r.variant, sum(r.count) as count from ${recordsOf(counts)} ${KNOWN}
        group by r.key, r.variant)
      ${addTo("cloud", "known")}`),
  );
}
