import type { Report, ReportAnswer } from "@kombify/agent-contract";
import { enqueueJob, notifyChange, type TenantId, type Transaction } from "@kombify/db";
import { healthChecks, instanceReports } from "@kombify/db/schema";
import { eq, sql } from "drizzle-orm";
import { recordAudit } from "../audit/record.ts";
import type { AgentContext } from "../context.ts";
import { connectionAfterBeat } from "../instances/connection.ts";

/** Stores what the agent says of its tenants; rows that say what they said before are left alone. */
async function applyTenantReports(tx: Transaction, ctx: AgentContext, report: Report): Promise<void> {
  if (report.tenants.length === 0) return;
  const changed = await tx.execute<{ id: TenantId; name: string; isNew: boolean }>(sql`
    update tenants t set
      namespace_begun_at = case when r.state in ('creating', 'ready') then coalesce(t.namespace_begun_at, clock_timestamp()) else t.namespace_begun_at end,
      namespace_ready_at = case when r.state = 'ready' then coalesce(t.namespace_ready_at, clock_timestamp()) else t.namespace_ready_at end,
      activated_at = case when r.state = 'ready' then coalesce(t.activated_at, clock_timestamp()) else t.activated_at end,
      status = case when r.state = 'ready' and t.status = 'provisioning' then 'active' else t.status end,
      error = case when r.state = 'failed' then coalesce(r.error, 'The host gave no reason.') else null end
    from json_to_recordset(${JSON.stringify(report.tenants)}::json) as r("tenantId" uuid, generation int, state text, error text)
    where t.id = r."tenantId" and t.generation = r.generation and (
      (r.state = 'creating' and t.namespace_begun_at is null)
      or (r.state = 'ready' and (t.namespace_ready_at is null or t.status = 'provisioning' or t.error is not null))
      or (r.state = 'failed' and t.error is distinct from coalesce(r.error, 'The host gave no reason.')))
    returning t.id, t.name, r.state = 'ready' and t.activated_at > now() - interval '1 second' as "isNew"`);
  for (const tenant of changed) {
    await notifyChange(tx, { noun: "tenants", id: tenant.id });
    if (tenant.isNew)
      await recordAudit(tx, ctx, {
        action: "tenants.activate",
        targetKind: "tenant",
        targetId: tenant.id,
        tenantId: tenant.id,
        summary: `Homelab ${tenant.name} is ready`,
      });
  }
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
    const [instance] = await tx.execute<{ revision: string }>(sql`select desired_revision as revision from instances`);
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
      })
      .where(eq(instanceReports.instanceId, ctx.instanceId));
    const events = [
      connection !== before.connection && { kind: connection, detail: `Was ${before.connection}` },
      report.health !== before.health && { kind: report.health, detail: report.healthDetail ?? "" },
      report.bootEpoch !== before.bootEpoch && { kind: "booted", detail: `Agent ${report.versions.agent}` },
    ].filter((event) => event !== false);
    for (const event of events) await tx.insert(healthChecks).values({ instanceId: ctx.instanceId, ...event });
    const isBeat = events.length === 0 && report.appliedRevision === before.appliedRevision;
    await notifyChange(tx, { noun: "instances", id: ctx.instanceId, isBeat });
    if (connection === "connected" && before.connection !== "connected")
      await enqueueJob(tx, "place-waiting-tenants", {}, { key: "place-waiting-tenants" });
    await applyTenantReports(tx, ctx, report);
    return { accepted: true, desiredRevision };
  });
}
