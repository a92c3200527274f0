/** Flags as the list and the page of one show them, in one statement. */
import type { Sql } from "postgres";
import type { FlagSummaryView } from "./schemas.ts";
import { flagStandings } from "./standing.ts";

export type SummaryRow = FlagSummaryView & { id: string };

/**
 * What is to come before {@link summaryFrom}: of each host that has tenants, the oldest of its tenants' documents, by the
 * fleet's revision that it was compiled at; -1 where one has none. In order, so that counting those below a flag's own
 * revision costs a binary search.
 */
export const withHosts = (sql: Sql) => sql`with hosts as materialized (
    select count(*)::int as instances, array_agg(oldest order by oldest) as oldest from (
      select min(coalesce(d.fleet_revision, -1)) as oldest
      from tenants t
      left join flag_deliveries v on v.tenant_id = t.id and v.instance_id = t.instance_id
      left join flag_documents d on d.tenant_id = v.tenant_id and d.revision = v.revision
      where t.instance_id is not null and t.status in ('provisioning', 'active', 'suspended')
      group by t.instance_id) host)`;

export const instancesBehind = (sql: Sql) =>
  sql`case when hosts.instances = 0 then 0 else width_bucket(f.revision - 1, hosts.oldest) end`;

export const summaryColumns = (sql: Sql) => sql`
  f.id, f.key, f.description, f.owner, f.kind, f.lifetime, f.is_sensitive as "isSensitive", f.expires_at as "expiresAt", f.version,
  f.created_at as "createdAt", f.updated_at as "updatedAt", s.standing, s."lastEvaluatedAt", s.evaluations,
  (select case jsonb_typeof(value) when 'array' then 'object' when 'null' then 'object' else jsonb_typeof(value) end
    from jsonb_each(f.variants) limit 1) as type,
  (select count(*)::int from flag_overrides o where o.flag_id = f.id) as overrides,
  (select count(*)::int from flag_changes c where c.flag_key = f.key and c.state in ('waiting_for_approval', 'scheduled'))
    as "waitingChanges",
  hosts.instances, ${instancesBehind(sql)} as "instancesBehind"`;

export const summaryFrom = (sql: Sql) =>
  sql`from flags f join ${flagStandings(sql)} s on s.key = f.key cross join hosts`;
