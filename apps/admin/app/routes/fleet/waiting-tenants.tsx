import type { StaffTenantView } from "@kombify/api/schemas";
import { type Column, DataTable, RelativeTime } from "@kombify/ui";
import { Anchor, Text } from "@mantine/core";
import { PortalLink } from "../../frame/portal-link.tsx";

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
  { key: "owner", header: "Owner", render: (tenant) => <Text size="sm">{tenant.ownerEmail ?? "Nobody"}</Text> },
  {
    key: "since",
    header: "Waits since",
    render: (tenant) => (
      <Text size="sm">
        <RelativeTime at={tenant.createdAt} />
      </Text>
    ),
  },
];

/** Those who have waited longest. */
export function WaitingTenants({ tenants }: { tenants: StaffTenantView[] }) {
  return (
    <DataTable
      caption="Tenants that wait for a place, longest first"
      columns={COLUMNS}
      rows={tenants}
      rowKey={(tenant) => tenant.id}
      empty={null}
    />
  );
}
