import { type Column, DataTable, EmptyState, RelativeTime } from "@kombify/ui";
import { Anchor, Group, Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconCircleDashed, IconClock, IconServerOff } from "@tabler/icons-react";
import { counted } from "../../../flags/flag-words.ts";
import { PortalLink } from "../../../frame/portal-link.tsx";
import { StateMark } from "../../../lists/state-mark.tsx";
import classes from "./rollout.module.css";
import { byNeed, type RolloutInstance, rolloutState } from "./rollout-state.ts";

const COLUMNS: Column<RolloutInstance>[] = [
  {
    key: "name",
    header: "Instance",
    render: ({ id, name }) => (
      <Anchor component={PortalLink} href={`/instances/${id}`} fw={600} size="sm">
        {name}
      </Anchor>
    ),
  },
  { key: "state", header: "This flag", render: (instance) => <RolloutMark instance={instance} /> },
  { key: "connection", header: "Connection", render: ({ connection }) => <StateMark state={connection} /> },
  {
    key: "tenants",
    header: "Homelabs",
    align: "right",
    render: ({ tenants }) => tenants.toLocaleString("en"),
  },
  {
    key: "acknowledged",
    header: "Last said so",
    render: ({ acknowledgedAt }) => (
      <Text size="sm" c="dimmed">
        {acknowledgedAt ? <RelativeTime at={acknowledgedAt} /> : "Never"}
      </Text>
    ),
  },
];

const LOOKS = {
  refused: { Icon: IconAlertTriangle, color: "red" },
  behind: { Icon: IconClock, color: "yellow" },
  there: { Icon: IconCircleCheck, color: "green" },
  empty: { Icon: IconCircleDashed, color: "gray" },
} as const;

function RolloutMark({ instance }: { instance: RolloutInstance }) {
  const state = rolloutState(instance);
  const { Icon, color } = LOOKS[state];
  const isLoud = state === "refused" || state === "behind";
  return (
    <div>
      <Group gap={6} wrap="nowrap" className={classes.mark}>
        <Icon
          size={16}
          stroke={1.9}
          color={`var(--mantine-color-${color}-text)`}
          aria-hidden
          style={{ flex: "none" }}
        />
        <Text span size="sm" fw={isLoud ? 600 : 400} {...(isLoud ? { c: `var(--mantine-color-${color}-text)` } : {})}>
          {stateWords(instance)}
        </Text>
      </Group>
      {instance.error ? (
        <Text size="xs" c="dimmed" style={{ overflowWrap: "anywhere" }}>
          {instance.error}
        </Text>
      ) : null}
    </div>
  );
}

function stateWords(instance: RolloutInstance): string {
  const { behind, tenants } = instance;
  switch (rolloutState(instance)) {
    case "refused":
      return "Refused it";
    case "behind":
      return behind === tenants
        ? "Behind"
        : `Behind for ${behind.toLocaleString("en")} of ${counted(tenants, "homelab", "homelabs")}`;
    case "there":
      return "Has it";
    case "empty":
      return "Nobody lives there";
  }
}

/** Each instance with what it has of the flag; what needs somebody first. */
export function RolloutTable({ instances }: { instances: readonly RolloutInstance[] }) {
  return (
    <DataTable
      caption="Instances"
      columns={COLUMNS}
      rows={byNeed(instances)}
      rowKey={({ id }) => id}
      empty={
        <EmptyState icon={IconServerOff} title="There is no instance yet">
          Once one has joined, this says whether it has the flag as it is now.
        </EmptyState>
      }
    />
  );
}
