import type { MailView } from "@kombify/api/schemas";
import { type Column, DataTable, EmptyState, PageHeader, RelativeTime } from "@kombify/ui";
import { Anchor, Paper, Stack, Text } from "@mantine/core";
import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { IconMailbox } from "@tabler/icons-react";
import { PortalLink } from "../../frame/portal-link.tsx";
import { orNothingHere } from "./answer.ts";
import { MailboxNotice } from "./notice.tsx";

export const meta: MetaFunction = () => [{ title: "Development mailbox · kombify" }];

export const loader = ({ context }: LoaderFunctionArgs) => orNothingHere(context.api.mail.list());

const COLUMNS: Column<MailView>[] = [
  {
    key: "subject",
    header: "Subject",
    render: ({ id, subject }) => (
      <Anchor component={PortalLink} href={`/dev/mailbox/${id}`} size="sm" fw={600}>
        {subject}
      </Anchor>
    ),
  },
  {
    key: "recipient",
    header: "To",
    render: ({ recipient }) => (
      <Text size="sm" style={{ overflowWrap: "anywhere" }}>
        {recipient}
      </Text>
    ),
  },
  {
    key: "at",
    header: "Written",
    render: ({ createdAt, sentAt }) => (
      <Text size="sm">
        <RelativeTime at={createdAt} />
        {sentAt ? "" : ", on its way"}
      </Text>
    ),
  },
];

export default function Mailbox() {
  const { items } = useLoaderData<typeof loader>();
  return (
    <>
      <PageHeader title="Mailbox" />
      <Stack gap="md">
        <MailboxNotice />
        <Paper withBorder p="md">
          <DataTable
            caption="Mails"
            columns={COLUMNS}
            rows={items}
            rowKey={({ id }) => id}
            empty={
              <EmptyState icon={IconMailbox} title="No mail yet">
                Invite somebody to a team, and the mail to them shows up here.
              </EmptyState>
            }
          />
        </Paper>
      </Stack>
    </>
  );
}
