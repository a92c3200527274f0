/** Reading tenants, as staff see them. */
import { ServiceError } from "@kombify/agent-contract";
import type { TenantId } from "@kombify/db";
import type { Sql } from "postgres";
import type { z } from "zod";
import type { VerbContext } from "../context.ts";
import { decodeCursor, encodeCursor, pageOfRows } from "../page.ts";
import type { StaffTenantDetailView, StaffTenantView, searchTenantsInput } from "./schemas.ts";
import { type StepTimes, stepsOf } from "./steps.ts";

type Row = Omit<StaffTenantView, "instance"> & { instanceId: string | null; instanceName: string | null };

const columns = (sql: Sql) => sql`
  t.id, t.slug, t.name, t.plan, t.status, t.created_at as "createdAt", t.activated_at as "activatedAt", t.generation,
  t.quarantined_at as "quarantinedAt", t.namespace_version as "namespaceVersion",
  i.id as "instanceId", i.name as "instanceName", coalesce(i.desired_revision, 0)::float8 as "desiredRevision",
  coalesce(r.applied_revision, 0)::float8 as "appliedRevision",
  (select u.email from memberships m join users u on u.id = m.user_id
   where m.tenant_id = t.id and m.role = 'owner' order by m.created_at limit 1) as "ownerEmail"`;

const viewOf = ({ instanceId, instanceName, ...tenant }: Row): StaffTenantView => ({
  ...tenant,
  instance: instanceId && instanceName ? { id: instanceId, name: instanceName } : null,
});

const SORT_KEYS = { createdAt: "created_at", slug: "slug", name: "name" } as const;

/** A page of tenants; `search` looks at slug, name, organisation id and members' addresses. */
export async function searchTenants(ctx: VerbContext, input: z.output<typeof searchTenantsInput>) {
  const descending = input.sort.startsWith("-");
  const key = input.sort.replace("-", "") as keyof typeof SORT_KEYS;
  const cursor = input.cursor ? decodeCursor(input.cursor) : null;
  const like = input.search ? `%${input.search.replace(/[\\%_]/g, "\\$&")}%` : null;
  const rows = await ctx.db.read<Row & { total: number }>((sql) => {
    const sortKey = sql`t.${sql(SORT_KEYS[key])}`;
    const value =
      key === "createdAt" ? sql`${cursor?.value ?? null}::timestamptz` : sql`${cursor?.value ?? null}::text`;
    const after = cursor
      ? sql`and (${sortKey}, t.id) ${descending ? sql`<` : sql`>`} (${value}, ${cursor.id}::uuid)`
      : sql``;
    const direction = descending ? sql`desc` : sql`asc`;
    const matching = sql`tenants t left join instances i on i.id = t.instance_id left join instance_reports r on r.instance_id = i.id
      where (${input.status ?? null}::text is null or t.status = ${input.status ?? null}
          or (${input.status ?? null} = 'quarantined' and t.quarantined_at is not null))
        and (${input.instanceId ?? null}::uuid is null or t.instance_id = ${input.instanceId ?? null}::uuid)
        and (${like}::text is null or t.slug ilike ${like} or t.name ilike ${like} or t.org_id ilike ${like} or t.id in
          (select m.tenant_id from memberships m join users u on u.id = m.user_id where u.email ilike ${like}))`;
    return sql`select ${columns(sql)}, (select count(*)::int from ${matching}) as total from ${matching} ${after}
      order by ${sortKey} ${direction}, t.id ${direction} limit ${input.limit + 1}`;
  });
  const page = pageOfRows(rows, input.limit, (row) => encodeCursor(row[key], row.id));
  return { items: page.items.map(viewOf), nextCursor: page.nextCursor, total: rows[0]?.total ?? 0 };
}

/** @throws ServiceError NOT_FOUND */
export async function inspectTenant(ctx: VerbContext, id: TenantId): Promise<StaffTenantDetailView> {
  const [[row], members] = await Promise.all([
    ctx.db.read<Row & StepTimes & { orgId: string }>(
      (sql) => sql`select ${columns(sql)}, t.org_id as "orgId", t.error, t.placed_at as "placedAt",
          t.namespace_begun_at as "namespaceBegunAt", t.namespace_ready_at as "namespaceReadyAt"
        from tenants t left join instances i on i.id = t.instance_id left join instance_reports r on r.instance_id = i.id where t.id = ${id}`,
    ),
    ctx.db.read<StaffTenantDetailView["members"][number]>(
      (sql) => sql`select u.id as "userId", u.email, u.name, m.role from memberships m join users u on u.id = m.user_id
        where m.tenant_id = ${id} order by m.created_at, u.id`,
    ),
  ]);
  if (!row) throw new ServiceError("NOT_FOUND", "There is no such tenant.");
  return { ...viewOf(row), orgId: row.orgId, error: row.error, steps: stepsOf(row), members };
}
