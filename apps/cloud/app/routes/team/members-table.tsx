import type { MemberView } from "@kombify/api/schemas";
import { type Column, DataTable, RelativeTime } from "@kombify/ui";
import { Badge, Button, Text } from "@mantine/core";
import { PortalLink } from "../../frame/portal-link.tsx";
import { isManagedBy, ROLE_NAMES } from "../../team/roles.ts";
import { RoleForm } from "./role-form.tsx";
import classes from "./team.module.css";
import type { Me } from "./team-view.tsx";

type MembersTableProps = { me: Me; slug: string; members: readonly MemberView[] };

/** Everybody of the team; with a role to choose and a way to remove where that is mine to do. */
export function MembersTable({ me, slug, members }: MembersTableProps) {
  const columns: Column<MemberView>[] = [
    {
      key: "name",
      header: "Name",
      render: (member) => (
        <div className={classes.person}>
          <div className={classes.who}>
            <Text size="sm" fw={600}>
              {member.name}
            </Text>
            {member.userId === me.id ? (
              <Badge variant="light" color="gray" size="sm" tt="none">
                You
              </Badge>
            ) : null}
          </div>
          <Text size="sm" c="dimmed">
            {member.email}
          </Text>
        </div>
      ),
    },
    {
      key: "role",
      header: "Role",
      render: (member) =>
        isManagedBy(me.role, member.role) ? (
          <RoleForm me={me} slug={slug} member={member} />
        ) : (
          <Text size="sm">{ROLE_NAMES[member.role]}</Text>
        ),
    },
    {
      key: "since",
      header: "Joined",
      render: (member) => (
        <Text size="sm">
          <RelativeTime at={member.since} />
        </Text>
      ),
    },
  ];
  const removal: Column<MemberView> = {
    key: "actions",
    header: "",
    align: "right",
    render: (member) =>
      isManagedBy(me.role, member.role) ? (
        <Button
          component={PortalLink}
          href={`/team?${new URLSearchParams({ tenant: slug, remove: member.userId })}`}
          variant="subtle"
          color="red"
          size="compact-sm"
          aria-label={`Remove ${member.name}`}
        >
          Remove
        </Button>
      ) : null,
  };
  const isManager = members.some(({ role }) => isManagedBy(me.role, role));
  return (
    <DataTable
      caption="Members"
      columns={isManager ? [...columns, removal] : columns}
      rows={members}
      rowKey={({ userId }) => userId}
      empty={null}
    />
  );
}
