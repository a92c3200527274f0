import { ENGINE_NAMES, type EngineKind, type Report, type ReportAnswer } from "@kombify/agent-contract";
import { enqueueJob, notifyChange, type TenantId, type Transaction } from "@kombify/db";
import { healthChecks, instanceReports, instances } from "@kombify/db/schema";
import { eq, sql } from "drizzle-orm";
import { recordAudit } from "../audit/record.ts";
import type { AgentContext } from "../context.ts";
import { takeUsage } from "../flags/count-usage.ts";
import { notifyDeliveries, reportedDeliveries } from "../flags/deliveries.ts";
import { connectionAfterBeat } from "../instances/connection.ts";

type ChangedTenant = { id: TenantId; name: string; isNew: boolean; isQuarantined: boolean; wasQuarantined: boolean };

/** What the trail says of a change; null for one that is not worth a line. */
function auditOf({ name, isNew, isQuarantined, wasQuarantined }: ChangedTenant) {
  if (isNew) return { action: "tenants.activate", summary: `Homelab ${name} is ready` };
  if (isQuarantined && !wasQuarantined)
    return { action: "tenants.quarantine", summary: `Homelab ${name} is closed: it has to be repaired` };
  if (wasQuarantined && !isQuarantined) return { action: "tenants.repair", summary: `Homelab ${name} is repaired` };
  return null;
}

/**
 * Stores what the agent says of its tenants and of their flags; rows that say what they said before are left alone. An agent
 * that says no version of the collections leaves the one that is known.
 */
async function applyTenantReports(tx: Transaction, ctx: AgentContext, report: Report): Promise<void> {
  if (report.tenants.length === 0) return;
  const hasFlags = report.tenants.some(({ flags }) => flags !== undefined);
  // One statement for both: most reports change neither, and come every ten seconds from every host.
  const [result] = await tx.execute<{ changed: ChangedTenant[]; delivered: TenantId[] }>(sql`
    with reported as materialized (
      select * from json_to_recordset(${JSON.stringify(report.tenants)}::json)
        as r("tenantId" uuid, generation int, state text, error text, "namespaceVersion" int, flags json)),
    changed as (
      update tenants t set
        namespace_begun_at = case when r.state in ('creating', 'ready') then coalesce(t.namespace_begun_at, clock_timestamp()) else t.namespace_begun_at end,
        namespace_ready_at = case when r.state = 'ready' then coalesce(t.namespace_ready_at, clock_timestamp()) else t.namespace_ready_at end,
        activated_at = case when r.state = 'ready' then coalesce(t.activated_at, clock_timestamp()) else t.activated_at end,
        status = case when r.state = 'ready' and t.status = 'provisioning' then 'active' else t.status end,
        error = case when r.state in ('failed', 'quarantined') then coalesce(r.error, 'The host gave no reason.') else null end,
        quarantined_at = case when r.state = 'quarantined' then coalesce(t.quarantined_at, clock_timestamp()) else null end,
        namespace_version = coalesce(r."namespaceVersion", t.namespace_version)
      from reported r join tenants before on before.id = r."tenantId"
      where t.id = r."tenantId" and t.generation = r.generation and (
        (r.state = 'creating' and t.namespace_begun_at is null)
        or (r.state = 'ready' and (t.namespace_ready_at is null or t.status = 'provisioning' or t.error is not null))
        or (r.state in ('failed', 'quarantined') and t.error is distinct from coalesce(r.error, 'The host gave no reason.'))
        or (r.state = 'quarantined') is distinct from (t.quarantined_at is not null)
        or (r."namespaceVersion" is not null and r."namespaceVersion" is distinct from t.namespace_version))
      returning t.id, t.name, r.state = 'ready' and before.activated_at is null as "isNew",
        t.quarantined_at is not null as "isQuarantined", before.quarantined_at is not null as "wasQuarantined"),
    delivered as (${hasFlags ? reportedDeliveries(sql`reported`, ctx.instanceId) : sql`select null::uuid as tenant_id where false`})
    select (select coalesce(json_agg(c), '[]') from changed c) as changed,
      (select coalesce(json_agg(tenant_id), '[]') from delivered) as delivered`);
  const { changed, delivered } = result ?? { changed: [], delivered: [] };
  await notifyDeliveries(tx, delivered);
  for (const tenant of changed) {
    await notifyChange(tx, { noun: "tenants", id: tenant.id });
    const event = auditOf(tenant);
    if (event) await recordAudit(tx, ctx, { ...event, targetKind: "tenant", targetId: tenant.id, tenantId: tenant.id });
  }
}

/** What is worth a line in the instance's history: that an upgrade began, and how it ended. */
function upgradeEvents(now: Report["upgrade"], before: Report["upgrade"] | null) {
  if (!now) return [];
  const { toVersion, total, done, quarantined, startedAt, finishedAt } = now;
  const isSame = startedAt === before?.startedAt;
  const detail = `To version ${toVersion} of the collections: ${done} of ${total} done, ${quarantined} quarantined`;
  return [
    !isSame && { kind: "upgrading", detail: `To version ${toVersion} of the collections: ${total} to do` },
    finishedAt !== undefined && !(isSame && before.finishedAt) && { kind: "upgraded", detail },
  ];
}

type InstanceRow = { name: string; engine: EngineKind; revision: string };

/**
 * Stores that a host has moved to another engine. Only then is the row written: heartbeats do not wait for placements.
 * @returns a line for the instance's history; false when nothing has changed.
 */
async function applyEngine(
  tx: Transaction,
  ctx: AgentContext,
  instance: InstanceRow | undefined,
  engine: EngineKind,
): Promise<{ kind: string; detail: string } | false> {
  if (!instance || instance.engine === engine) return false;
  await tx.update(instances).set({ engine }).where(eq(instances.id, ctx.instanceId));
  const detail = `From ${ENGINE_NAMES[instance.engine]} to ${ENGINE_NAMES[engine]}`;
  await recordAudit(tx, ctx, {
    action: "instances.moveEngine",
    targetKind: "instance",
    targetId: ctx.instanceId,
    summary: `${instance.name} moved f${detail.slice(1)}`,
  });
  return { kind: "moved", detail };
}

/**
 * Takes a report. Older ones than the last accepted (bootEpoch, seq) change nothing.
 * Three good heartbeats bring a stale or offline instance back, so that a flapping line does not flap the state.
 */
export function acceptReport(ctx: AgentContext, report: Report): Promise<ReportAnswer> {
  return ctx.db.transaction(async (tx) => {
    const [before] = await tx
      .select()
      .from(instanceReports)
      .where(eq(instanceReports.instanceId, ctx.instanceId))
      .for("update");
    const [instance] = await tx.execute<InstanceRow>(
      sql`select name, engine, desired_revision as revision from instances`,
    );
    const desiredRevision = Number(instance?.revision ?? 0);
    const isNewer =
      before &&
      (report.bootEpoch > before.bootEpoch || (report.bootEpoch === before.bootEpoch && report.seq > before.seq));
    if (!isNewer) return { accepted: false, desiredRevision };
    const { connection, goodBeats } = connectionAfterBeat(before);
    await tx
      .update(instanceReports)
      .set({
        connection,
        goodBeats,
        bootEpoch: report.bootEpoch,
        seq: report.seq,
        appliedRevision: report.appliedRevision,
        lastSeenAt: sql`clock_timestamp()`,
        health: report.health,
        healthDetail: report.healthDetail ?? null,
        versions: report.versions,
        orphans: report.orphans,
        upgrade: report.upgrade ?? null,
        trustedCas: report.trustedCas ?? [],
        certificateSerial: ctx.request.peerSerial?.toLowerCase() ?? null,
      })
      .where(eq(instanceReports.instanceId, ctx.instanceId));
    const events = [
      connection !== before.connection && { kind: connection, detail: `Was ${before.connection}` },
      report.health !== before.health && { kind: report.health, detail: report.healthDetail ?? "" },
      report.bootEpoch !== before.bootEpoch && { kind: "booted", detail: `Agent ${report.versions.agent}` },
      ...upgradeEvents(report.upgrade, before.upgrade),
      await applyEngine(tx, ctx, instance, report.engine),
    ].filter((event) => event !== false);
    for (const event of events) await tx.insert(healthChecks).values({ instanceId: ctx.instanceId, ...event });
    const isBeat = events.length === 0 && report.appliedRevision === before.appliedRevision;
    await notifyChange(tx, { noun: "instances", id: ctx.instanceId, isBeat });
    if (connection === "connected" && before.connection !== "connected")
      await enqueueJob(tx, "place-waiting-tenants", {}, { key: "place-waiting-tenants" });
    await applyTenantReports(tx, ctx, report);
    await takeUsage(tx, ctx, report);
    return { accepted: true, desiredRevision };
  });
}
