import type { StaffTenantDetailView } from "@kombify/api/schemas";
import { type Column, DataTable } from "@kombify/ui";
import { Text } from "@mantine/core";

type Member = StaffTenantDetailView["members"][number];

const ROLES: Record<Member["role"], string> = { owner: "Owner", admin: "Admin", member: "Member", viewer: "Viewer" };

const COLUMNS: Column<Member>[] = [
  { key: "name", header: "Name", render: (member) => member.name },
  { key: "email", header: "E-mail", render: (member) => member.email },
  { key: "role", header: "Role", render: (member) => ROLES[member.role] },
];

/** The people who belong to a tenant. */
export function TenantMembers({ members }: { members: Member[] }) {
  return (
    <DataTable
      caption="Members"
      columns={COLUMNS}
      rows={members}
      rowKey={(member) => member.userId}
      empty={
        <Text size="sm" c="dimmed">
          Nobody belongs to this tenant.
        </Text>
      }
    />
  );
}
