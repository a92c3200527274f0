import type { StaffTenantView } from "@kombify/api/schemas";
import { type Column, DataTable, EmptyState, RelativeTime } from "@kombify/ui";
import { Anchor, Text } from "@mantine/core";
import { IconSearchOff } from "@tabler/icons-react";
import { PortalLink } from "../../frame/portal-link.tsx";
import { listQuery } from "../../lists/list-address.ts";
import { PLAN_NAMES } from "../../tenants/plan-names.ts";
import { TenantMark } from "../../tenants/tenant-mark.tsx";

const COLUMNS: Column<StaffTenantView>[] = [
  {
    key: "name",
    header: "Tenant",
    sortKey: "name",
    render: (tenant) => (
      <Anchor component={PortalLink} href={`/tenants/${tenant.id}`} fw={600} size="sm">
        {tenant.name}
      </Anchor>
    ),
  },
  {
    key: "slug",
    header: "Address",
    sortKey: "slug",
    render: (tenant) => (
      <Text size="sm" ff="monospace">
        {tenant.slug}
      </Text>
    ),
  },
  { key: "status", header: "State", render: (tenant) => <TenantMark tenant={tenant} /> },
  {
    key: "instance",
    header: "Instance",
    render: (tenant) =>
      tenant.instance ? (
        <Anchor component={PortalLink} href={`/instances/${tenant.instance.id}`} size="sm">
          {tenant.instance.name}
        </Anchor>
      ) : (
        <Text size="sm" c="dimmed">
          None yet
        </Text>
      ),
  },
  { key: "owner", header: "Owner", render: (tenant) => <Text size="sm">{tenant.ownerEmail ?? "Nobody"}</Text> },
  { key: "plan", header: "Plan", render: (tenant) => <Text size="sm">{PLAN_NAMES[tenant.plan]}</Text> },
  {
    key: "createdAt",
    header: "Signed up",
    sortKey: "createdAt",
    render: (tenant) => (
      <Text size="sm" c="dimmed">
        <RelativeTime at={tenant.createdAt} />
      </Text>
    ),
  },
];

type TenantTableProps = {
  page: { items: StaffTenantView[]; nextCursor: string | null; total: number };
  params: URLSearchParams;
};

/** The tenants of one page of the list. */
export function TenantTable({ page, params }: TenantTableProps) {
  return (
    <DataTable
      caption="Tenants"
      columns={COLUMNS}
      rows={page.items}
      rowKey={(tenant) => tenant.id}
      sort={params.get("sort") ?? "-createdAt"}
      sortHref={(sort) => listQuery(params, { sort })}
      firstHref={params.has("cursor") ? listQuery(params, {}) : undefined}
      nextHref={page.nextCursor ? listQuery(params, { cursor: page.nextCursor }) : undefined}
      total={page.total}
      empty={
        <EmptyState icon={IconSearchOff} title="No tenant matches">
          Search looks at names, addresses, organisation ids and members' e-mail addresses. Clear the filters to see
          everybody.
        </EmptyState>
      }
    />
  );
}
