/** Reading tenants, as their members see them. */
import { ServiceError } from "@kombify/agent-contract";
import type { TenantContext } from "../context.ts";
import { readOwnFlags } from "../flags/own-flags.ts";
import type { TenantDetailView, TenantView } from "./schemas.ts";
import { type StepTimes, stepsOf } from "./steps.ts";

type Row = TenantView &
  StepTimes & {
    role: TenantDetailView["role"];
    memberCount: number;
    isUnderRepair: boolean;
    desiredRevision: number | null;
    appliedRevision: number | null;
    instanceId: string | null;
    publicUrl: string | null;
    connection: NonNullable<TenantDetailView["instance"]>["connection"] | null;
    lastSeenAt: Date | null;
  };

/** The tenant of the context. One statement; row-level security leaves nothing else to be found. */
export async function getTenant(ctx: TenantContext): Promise<TenantDetailView> {
  const [row] = await ctx.db.read<Row>(
    (sql) => sql`
      select t.id, t.slug, t.name, t.plan, t.status, t.created_at as "createdAt", t.placed_at as "placedAt",
        t.namespace_begun_at as "namespaceBegunAt", t.namespace_ready_at as "namespaceReadyAt", t.activated_at as "activatedAt", t.error,
        t.quarantined_at is not null as "isUnderRepair",
        m.role, (select count(*)::int from memberships) as "memberCount",
        i.id as "instanceId", i.name as "instanceName", i.public_url as "publicUrl", i.desired_revision::float8 as "desiredRevision",
        r.connection, r.last_seen_at as "lastSeenAt", r.applied_revision::float8 as "appliedRevision"
      from tenants t join memberships m on m.tenant_id = t.id and m.user_id = app_user_id()
        left join instances i on i.id = t.instance_id left join instance_reports r on r.instance_id = i.id
      where t.id = app_tenant_id()`,
  );
  if (!row) throw new ServiceError("NOT_FOUND", "There is no such homelab among yours.");
  const { instanceId, instanceName, publicUrl, connection, lastSeenAt, memberCount, ...tenant } = row;
  const [limits, { homelabLaunch }] = await Promise.all([
    ctx.can.plans.limitsOf(tenant.plan),
    readOwnFlags(ctx, "homelabLaunch"),
  ]);
  return {
    ...tenant,
    waitingReason:
      tenant.status === "waiting_for_capacity" ? "Every host is full. You are placed as soon as there is room." : null,
    instance:
      instanceId && instanceName
        ? { id: instanceId, name: instanceName, publicUrl, connection: connection ?? "pending", lastSeenAt }
        : null,
    desiredRevision: tenant.desiredRevision ?? 0,
    appliedRevision: tenant.appliedRevision ?? 0,
    isLaunchPaused: !homelabLaunch,
    steps: stepsOf(row),
    limits: { members: { used: memberCount, max: limits.members }, sims: { used: 0, max: limits.sims } },
  };
}

/** What happened in this tenant lately, newest first. */
export const listActivity = (ctx: TenantContext, limit: number) =>
  ctx.db.read<{ id: string; at: Date; action: string; actorName: string; summary: string }>(
    (sql) => sql`select id, at, action, actor_name as "actorName", summary from audit_events
      where tenant_id = app_tenant_id() order by id desc limit ${limit}`,
  );
