import type { VerbContext } from "../context.ts";
import { flagStandings } from "../flags/standing.ts";
import type { FleetOverview } from "./schemas.ts";

type Problems = FleetOverview["problems"];

/** Days for which a change that failed is told of, unless the flag has changed since. */
const TOLD_DAYS = 7;

/** As many as the page has room for, and as a line has. */
const MOST = 20;
const NAMED = 5;

async function failedChanges({ db }: Pick<VerbContext, "db">): Promise<Problems> {
  const rows = await db.read<{ key: string; reason: string; requestedByName: string }>(
    (sql) => sql`
      select distinct on (c.flag_key) c.flag_key as key, c.reason, c.requested_by_name as "requestedByName"
      from flag_changes c left join flags f on f.key = c.flag_key
      where c.state = 'failed' and c.finished_at > now() - make_interval(days => ${TOLD_DAYS})
        and (f.id is null or f.updated_at < c.finished_at)
      order by c.flag_key, c.finished_at desc limit ${MOST}`,
  );
  return rows.map(({ key, reason, requestedByName }) => ({
    severity: "warning",
    title: `A change of the flag ${key} could not be made`,
    detail: `${requestedByName} asked for it. ${reason}`,
    href: `/flags/changes?show=all&key=${encodeURIComponent(key)}`,
  }));
}

async function refusedDocuments({ db }: Pick<VerbContext, "db">): Promise<Problems> {
  const rows = await db.read<{ id: string; name: string; tenants: number; error: string }>(
    (sql) => sql`
      select i.id, i.name, count(*)::int as tenants, min(d.error) as error
      from flag_deliveries d join tenants t on t.id = d.tenant_id and t.instance_id = d.instance_id
        join instances i on i.id = d.instance_id
      where d.error is not null group by i.id, i.name order by i.name limit ${MOST}`,
  );
  return rows.map(({ id, name, tenants, error }) => ({
    severity: "warning",
    title: `${name} does not take the flags of ${tenants === 1 ? "a tenant" : `${tenants} tenants`}`,
    detail: `${error} It goes on with those that it has.`,
    href: `/instances/${id}`,
  }));
}

async function expiredFlags({ db }: Pick<VerbContext, "db">): Promise<Problems> {
  const rows = await db.read<{ key: string }>(
    (sql) => sql`
      select f.key from flags f join ${flagStandings(sql)} s on s.key = f.key where s.standing = 'expired' order by f.expires_at, f.key`,
  );
  const [first, ...others] = rows;
  if (!first) return [];
  const named = rows.slice(0, NAMED).map(({ key }) => key);
  const more = rows.length > NAMED ? ` and ${rows.length - NAMED} more` : "";
  return [
    {
      severity: "notice",
      title:
        others.length === 0
          ? `The flag ${first.key} is past its date`
          : `${rows.length} flags are past their date: ${named.join(", ")}${more}`,
      detail: "What is decided belongs into the code. Remove the flag then, or give it a later date.",
      href: "/flags?standing=expired",
    },
  ];
}

/** What is wrong with flags: changes that failed, hosts that do not take them, and flags that should be gone. */
export async function readFlagProblems(ctx: Pick<VerbContext, "db">): Promise<Problems> {
  return (await Promise.all([failedChanges(ctx), refusedDocuments(ctx), expiredFlags(ctx)])).flat();
}
