import type { InvitationView } from "@kombify/api/schemas";
import { type Column, DataTable, RelativeTime } from "@kombify/ui";
import { Button, Text } from "@mantine/core";
import { Form } from "@remix-run/react";
import { isManagedBy, ROLE_NAMES } from "../../team/roles.ts";
import classes from "./team.module.css";
import type { Me } from "./team-view.tsx";

type InvitationsTableProps = { me: Me; slug: string; invitations: readonly InvitationView[] };

/** Who is invited and has not come yet. */
export function InvitationsTable({ me, slug, invitations }: InvitationsTableProps) {
  const columns: Column<InvitationView>[] = [
    {
      key: "email",
      header: "Address",
      render: ({ email }) => (
        <Text size="sm" fw={600} className={classes.person}>
          {email}
        </Text>
      ),
    },
    { key: "role", header: "Role", render: ({ role }) => <Text size="sm">{ROLE_NAMES[role]}</Text> },
    {
      key: "until",
      header: "Good until",
      render: ({ expiresAt, isExpired }) => (
        <Text size="sm" {...(isExpired ? { c: "yellow" } : {})}>
          {isExpired ? "Expired " : ""}
          <RelativeTime at={expiresAt} />
        </Text>
      ),
    },
    {
      key: "actions",
      header: "",
      align: "right",
      render: ({ id, email, role }) =>
        isManagedBy(me.role, role) ? (
          <div className={classes.actions}>
            <InvitationButton slug={slug} id={id} intent="resend" label={`Send again to ${email}`}>
              Send again
            </InvitationButton>
            <InvitationButton slug={slug} id={id} intent="withdraw" label={`Withdraw the invitation of ${email}`}>
              Withdraw
            </InvitationButton>
          </div>
        ) : null,
    },
  ];
  return (
    <DataTable
      caption="Open invitations"
      columns={columns}
      rows={invitations}
      rowKey={({ id }) => id}
      empty={
        <Text size="sm" c="dimmed">
          Nobody is invited at the moment.
        </Text>
      }
    />
  );
}

type InvitationButtonProps = {
  slug: string;
  id: string;
  intent: "resend" | "withdraw";
  label: string;
  children: string;
};

function InvitationButton({ slug, id, intent, label, children }: InvitationButtonProps) {
  return (
    <Form method="post" action={`/team?tenant=${slug}`}>
      <input type="hidden" name="tenant" value={slug} />
      <input type="hidden" name="invitationId" value={id} />
      <Button
        type="submit"
        name="intent"
        value={intent}
        variant="subtle"
        color={intent === "withdraw" ? "red" : "iris"}
        size="compact-sm"
        aria-label={label}
      >
        {children}
      </Button>
    </Form>
  );
}
