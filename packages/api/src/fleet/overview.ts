/** The fleet at a glance: counts, and everything that is wrong, each with where to look. */
import type { VerbContext } from "../context.ts";
import { readFlagProblems } from "./flag-problems.ts";
import type { FleetOverview } from "./schemas.ts";

type Counts = Pick<FleetOverview, "instances" | "places" | "tenants" | "queue">;

/** A rotation that has not ended: it fails, or has waited for more than a day. */
type StuckRotation = { kind: string; error: string | null; detail: string | null; days: number };

function rotationProblems(rotations: StuckRotation[]): FleetOverview["problems"] {
  return rotations.map(({ kind, error, detail, days }) => {
    const what = kind.replaceAll("-", " ");
    return {
      severity: "warning",
      title: error === null ? `Exchange of ${what} waits for ${plural(days, "day")}` : `Exchange of ${what} fails`,
      detail: error ?? detail ?? "It is not taken up: does a worker run?",
      href: "/settings",
    };
  });
}

type Quarantined = { id: string; slug: string };

/** As many as a line has room for. */
const NAMED = 5;

const plural = (count: number, one: string) => `${count} ${one}${count === 1 ? "" : "s"}`;

function problemsOf(
  counts: Counts,
  unwell: { id: string; name: string; connection: string; health: string; detail: string | null }[],
  quarantined: Quarantined[],
  stuck: StuckRotation[],
): FleetOverview["problems"] {
  const problems: FleetOverview["problems"] = unwell.map((instance) => {
    const isAway = instance.connection === "offline" || instance.connection === "stale";
    return {
      severity: instance.connection === "offline" || instance.health === "unhealthy" ? "critical" : "warning",
      title: `${instance.name} is ${isAway ? instance.connection : instance.health}`,
      detail: isAway
        ? "Its agent is not heard of. Its Stack goes on serving what it has."
        : (instance.detail ?? "The agent gave no reason."),
      href: `/instances/${instance.id}`,
    };
  });
  if (counts.tenants.waiting > 0)
    problems.push({
      severity: "critical",
      title: `${plural(counts.tenants.waiting, "tenant")} waiting for room`,
      detail: "Register an instance, or open one that is cordoned.",
      href: "/tenants?status=waiting_for_capacity",
    });
  const [first] = quarantined;
  if (first) {
    const count = counts.tenants.quarantined;
    const more = count > quarantined.length ? ` and ${count - quarantined.length} more` : "";
    problems.push({
      severity: "critical",
      title: `${plural(count, "tenant")} under quarantine: ${quarantined.map(({ slug }) => slug).join(", ")}${more}`,
      detail:
        "Closed, because their collections could not be upgraded. The host tries again; its words are on the tenant's page.",
      href: count === 1 ? `/tenants/${first.id}` : "/tenants?status=quarantined",
    });
  }
  if (counts.tenants.failed > 0)
    problems.push({
      severity: "warning",
      title: `${plural(counts.tenants.failed, "tenant")} with an error on their host`,
      detail: "The agent keeps trying; its words are on the tenant's page.",
      href: "/tenants",
    });
  if (counts.queue.failed > 0)
    problems.push({
      severity: "warning",
      title: `${plural(counts.queue.failed, "job")} gave up`,
      detail: "Jobs that failed on every attempt.",
      href: "/",
    });
  if (counts.instances.total > 0 && counts.places.free === 0)
    problems.push({
      severity: "warning",
      title: "No place is free",
      detail: "The next person who signs up has to wait.",
      href: "/instances",
    });
  return [...problems, ...rotationProblems(stuck)];
}

export async function readOverview(ctx: VerbContext): Promise<FleetOverview> {
  const [[counts], unwell, quarantined, signups, certificates, stuck, ofFlags] = await Promise.all([
    ctx.db.read<Counts>(
      (sql) => sql`select
        (select json_build_object('total', count(*), 'connected', count(*) filter (where r.connection = 'connected'),
          'stale', count(*) filter (where r.connection = 'stale'), 'offline', count(*) filter (where r.connection = 'offline'),
          'pending', count(*) filter (where r.connection = 'pending'), 'cordoned', count(*) filter (where i.cordoned_at is not null))
         from instances i join instance_reports r on r.instance_id = i.id where i.lifecycle <> 'decommissioned') as instances,
        (select json_build_object('capacity', coalesce(sum(i.capacity), 0), 'used', coalesce(sum(i.places_used), 0),
          'free', coalesce(sum(i.capacity - i.places_used) filter (where i.cordoned_at is null and r.connection = 'connected'), 0))
         from instances i join instance_reports r on r.instance_id = i.id where i.lifecycle = 'active') as places,
        (select json_build_object('total', count(*), 'active', count(*) filter (where status = 'active'),
          'provisioning', count(*) filter (where status = 'provisioning'), 'waiting', count(*) filter (where status = 'waiting_for_capacity'),
          'suspended', count(*) filter (where status = 'suspended'), 'failed', count(*) filter (where error is not null and quarantined_at is null),
          'quarantined', count(*) filter (where quarantined_at is not null)) from tenants) as tenants,
        (select json_build_object('ready', ready, 'running', running, 'failed', failed) from graphile_worker.queue_counts()) as queue`,
    ),
    ctx.db.read<{ id: string; name: string; connection: string; health: string; detail: string | null }>(
      (sql) => sql`select i.id, i.name, r.connection, r.health, r.health_detail as detail
        from instances i join instance_reports r on r.instance_id = i.id
        where i.lifecycle <> 'decommissioned' and (r.connection in ('stale', 'offline')
          or (r.connection = 'connected' and r.health in ('degraded', 'unhealthy')))
        order by r.connection = 'offline' desc, i.name limit 20`,
    ),
    ctx.db.read<Quarantined>(
      (sql) =>
        sql`select id, slug from tenants where quarantined_at is not null order by quarantined_at, id limit ${NAMED}`,
    ),
    ctx.db.read<{ day: string; count: number }>(
      (sql) => sql`select to_char(d.day, 'YYYY-MM-DD') as day, count(t.id)::int as count
        from generate_series((now() at time zone 'utc')::date - 13, (now() at time zone 'utc')::date, interval '1 day') as d(day)
          left join tenants t on (t.created_at at time zone 'utc')::date = d.day group by d.day order by d.day`,
    ),
    ctx.db.read<FleetOverview["certificates"][number]>(
      (sql) => sql`select i.id as "instanceId", i.name as "instanceName", max(c.not_after) as "notAfter"
        from agent_certificates c join instances i on i.id = c.instance_id join instance_reports r on r.instance_id = i.id
        where c.revoked_at is null and r.connection <> 'revoked' group by i.id, i.name
        having max(c.not_after) < now() + interval '6 hours' order by max(c.not_after) limit 20`,
    ),
    ctx.db.read<StuckRotation>(
      (sql) => sql`select kind, error, steps -> -1 ->> 'detail' as detail,
          extract(day from now() - started_at)::int as days from rotations
        where finished_at is null and (error is not null or started_at < now() - interval '1 day') order by started_at`,
    ),
    readFlagProblems(ctx),
  ]);
  if (!counts) throw new Error("The fleet could not be counted.");
  const problems = [...problemsOf(counts, unwell, quarantined, stuck), ...ofFlags];
  return { ...counts, problems, signups, certificates };
}
