import type { SegmentView } from "@kombify/api/schemas";
import { pageAnswer } from "@kombify/portal/service-error";
import { type Column, DataTable, EmptyState, LiveMark, RelativeTime } from "@kombify/ui";
import { Anchor, Button, Paper, Text } from "@mantine/core";
import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { IconPlus, IconUsersGroup } from "@tabler/icons-react";
import { FlagLinks } from "../../flags/flag-links.tsx";
import { FlagsFrame } from "../../flags/flags-frame.tsx";
import { PortalLink } from "../../frame/portal-link.tsx";
import { useMayOperate } from "../../frame/staff.ts";
import { useFlagsLive } from "../../live/use-flags-live.ts";

export const meta: MetaFunction = () => [{ title: "Segments · kombify Admin" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  return pageAnswer(request, context.requestId, context.api.flags.segments());
}

const COLUMNS: Column<SegmentView>[] = [
  {
    key: "key",
    header: "Segment",
    render: ({ key, description }) => (
      <div>
        <Anchor
          component={PortalLink}
          href={`/flags/segments/${key}`}
          fw={600}
          size="sm"
          ff="monospace"
          style={{ overflowWrap: "anywhere" }}
        >
          {key}
        </Anchor>
        {description ? (
          <Text size="xs" c="dimmed" lineClamp={2} maw={360}>
            {description}
          </Text>
        ) : null}
      </div>
    ),
  },
  {
    key: "words",
    header: "Who belongs to it",
    render: ({ words }) => (
      <Text size="sm" style={{ overflowWrap: "anywhere" }} maw={480}>
        {words}
      </Text>
    ),
  },
  { key: "usedBy", header: "Used by", render: ({ usedBy }) => <FlagLinks keys={usedBy} none="No flag" /> },
  {
    key: "updatedAt",
    header: "Changed",
    render: ({ updatedAt }) => (
      <Text size="sm" c="dimmed">
        <RelativeTime at={updatedAt} />
      </Text>
    ),
  },
];

export default function Segments() {
  const { items } = useLoaderData<typeof loader>();
  const live = useFlagsLive();
  const make = useMayOperate() ? (
    <Button component={PortalLink} href="/flags/segments/+new" leftSection={<IconPlus size={16} aria-hidden />}>
      New segment
    </Button>
  ) : null;
  return (
    <FlagsFrame
      description="Conditions that several flags share by name."
      marks={<LiveMark state={live} />}
      actions={items.length === 0 ? null : make}
    >
      {items.length === 0 ? (
        <Paper withBorder>
          <EmptyState icon={IconUsersGroup} title="No segment yet" action={make}>
            A segment names a condition, such as who takes part in a beta. Flags refer to it, and follow when it
            changes.
          </EmptyState>
        </Paper>
      ) : (
        <DataTable caption="Segments" columns={COLUMNS} rows={items} rowKey={({ key }) => key} empty={null} />
      )}
    </FlagsFrame>
  );
}
