/** How flags stand and how much they are used, as the list of flags and the page of one say alike. */
import type { Sql } from "postgres";

/** So long nobody asked for a flag that is unused, and so long one that is settled has given one variant alone. */
const STANDING_DAYS = 30;

/**
 * A table of all flags to join by key: `join ${flagStandings(sql)} s on s.key = f.key`. Its columns are `standing` (one of
 * FLAG_STANDINGS), `"lastEvaluatedAt"` (the beginning of that hour, but not before the flag was made; or null) and `evaluations` (of this hour and the 23
 * before). Of a variant's use only the first and the last hour are looked up, so that the cost does not grow with it.
 */
export const flagStandings = (sql: Sql) => sql`(
  select f.key, case when v.last is not null then greatest(v.last, f.created_at) end as "lastEvaluatedAt", v.evaluations::float8 as evaluations,
    case
      when f.killed_at is not null then 'killed'
      when f.state = 'DISABLED' then 'disabled'
      when f.expires_at < now() then 'expired'
      when coalesce(v.last, f.created_at) < now() - make_interval(days => ${STANDING_DAYS}) then 'unused'
      when f.lifetime = 'temporary' and v.recent = 1 and v.since < now() - make_interval(days => ${STANDING_DAYS}) then 'settled'
      else 'active'
    end as standing
  from flags f
  cross join lateral (
    select max(u.last) as last, sum(d.count) as evaluations,
      count(distinct n.variant) filter (where u.last >= now() - make_interval(days => ${STANDING_DAYS})) as recent,
      min(u.first) filter (where u.last >= now() - make_interval(days => ${STANDING_DAYS})) as since
    from (select jsonb_object_keys(f.variants) as variant union all select '') n
    cross join (values ('cloud'), ('stack')) as s(source)
    cross join lateral (
      select min(hour) as first, max(hour) as last from flag_usage
      where key = f.key and variant = n.variant and source = s.source) u
    cross join lateral (
      select coalesce(sum(count), 0) as count from flag_usage
      where key = f.key and variant = n.variant and source = s.source
        and hour >= date_trunc('hour', now(), 'UTC') - interval '23 hours') d
  ) v)`;
