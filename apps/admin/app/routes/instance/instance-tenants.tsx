import type { StaffTenantView } from "@kombify/api/schemas";
import { type Column, DataTable, RelativeTime } from "@kombify/ui";
import { Anchor, Text } from "@mantine/core";
import { PortalLink } from "../../frame/portal-link.tsx";
import { TenantMark } from "../../tenants/tenant-mark.tsx";

const COLUMNS: Column<StaffTenantView>[] = [
  {
    key: "name",
    header: "Tenant",
    render: (tenant) => (
      <Anchor component={PortalLink} href={`/tenants/${tenant.id}`} fw={600} size="sm">
        {tenant.name}
      </Anchor>
    ),
  },
  { key: "status", header: "State", render: (tenant) => <TenantMark tenant={tenant} /> },
  { key: "owner", header: "Owner", render: (tenant) => <Text size="sm">{tenant.ownerEmail ?? "Nobody"}</Text> },
  {
    key: "createdAt",
    header: "Signed up",
    render: (tenant) => (
      <Text size="sm" c="dimmed">
        <RelativeTime at={tenant.createdAt} />
      </Text>
    ),
  },
];

/** The newest tenants of an instance. */
export function InstanceTenants({ tenants }: { tenants: StaffTenantView[] }) {
  return (
    <DataTable
      caption="Newest tenants on this instance"
      columns={COLUMNS}
      rows={tenants}
      rowKey={(tenant) => tenant.id}
      empty={
        <Text size="sm" c="dimmed">
          No tenant lives here.
        </Text>
      }
    />
  );
}
