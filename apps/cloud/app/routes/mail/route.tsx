import { PageHeader, RelativeTime } from "@kombify/ui";
import { Anchor, Paper, Stack, Text } from "@mantine/core";
import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { PortalLink } from "../../frame/portal-link.tsx";
import { orNothingHere } from "../mailbox/answer.ts";
import { MailboxNotice } from "../mailbox/notice.tsx";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `${data?.subject ?? "Mail"} · kombify` }];

export const loader = ({ params, context }: LoaderFunctionArgs) =>
  orNothingHere(context.api.mail.get({ id: params.id ?? "" }));

export default function Mail() {
  const { subject, recipient, createdAt, text } = useLoaderData<typeof loader>();
  return (
    <Stack gap="md" maw={720} mx="auto">
      <PageHeader
        title={subject}
        description={
          <span style={{ overflowWrap: "anywhere" }}>
            To {recipient}, <RelativeTime at={createdAt} />
          </span>
        }
        above={
          <Anchor component={PortalLink} href="/dev/mailbox" size="sm">
            All mails
          </Anchor>
        }
      />
      <MailboxNotice />
      <Paper withBorder p="lg">
        <Text style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
          <WithLinks text={text} />
        </Text>
      </Paper>
    </Stack>
  );
}

/** The text with its addresses as links. A plain link: the page behind it is not fetched before it is clicked. */
function WithLinks({ text }: { text: string }) {
  return text.split(/(https?:\/\/[^\s<>"]+)/).map((part, at) =>
    at % 2 === 1 ? (
      // The parts are of one fixed text; their place is their identity.
      <Anchor key={at} href={part} underline="always">
        {part}
      </Anchor>
    ) : (
      part
    ),
  );
}
