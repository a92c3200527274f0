import type { InstanceView } from "@kombify/api/schemas";
import { type Column, DataTable, EmptyState, RelativeTime } from "@kombify/ui";
import { Anchor, Text } from "@mantine/core";
import { IconSearchOff } from "@tabler/icons-react";
import { PortalLink } from "../../frame/portal-link.tsx";
import { newTenants } from "../../instances/new-tenants.ts";
import { PlacesMeter } from "../../instances/places-meter.tsx";
import { RevisionText } from "../../instances/revision-text.tsx";
import { listQuery } from "../../lists/list-address.ts";
import { StateMark } from "../../lists/state-mark.tsx";

const COLUMNS: Column<InstanceView>[] = [
  {
    key: "name",
    header: "Instance",
    sortKey: "name",
    render: (instance) => (
      <div>
        <Anchor component={PortalLink} href={`/instances/${instance.id}`} fw={600} size="sm">
          {instance.name}
        </Anchor>
        <Text size="xs" c="dimmed">
          {instance.region || "No region given"}
        </Text>
      </div>
    ),
  },
  { key: "lifecycle", header: "Lifecycle", render: (instance) => <StateMark state={instance.lifecycle} /> },
  {
    key: "connection",
    header: "Connection",
    render: (instance) => (
      <StateMark
        state={instance.connection}
        below={
          instance.lastSeenAt ? (
            <>
              heartbeat <RelativeTime at={instance.lastSeenAt} />
            </>
          ) : (
            "no heartbeat yet"
          )
        }
      />
    ),
  },
  {
    key: "health",
    header: "Health",
    render: (instance) => <StateMark state={instance.health} below={instance.healthDetail} />,
  },
  {
    key: "newTenants",
    header: "New tenants",
    render: (instance) => <StateMark {...newTenants(instance)} />,
  },
  { key: "revision", header: "Revision", render: (instance) => <RevisionText {...instance} /> },
  {
    key: "places",
    header: "Places",
    render: (instance) => <PlacesMeter used={instance.placesUsed} capacity={instance.capacity} />,
  },
  {
    key: "createdAt",
    header: "Registered",
    sortKey: "createdAt",
    render: (instance) => (
      <Text size="sm" c="dimmed">
        <RelativeTime at={instance.createdAt} />
      </Text>
    ),
  },
];

type InstanceTableProps = {
  page: { items: InstanceView[]; nextCursor: string | null; total: number };
  params: URLSearchParams;
};

/** The instances of one page of the list, each with all that is known of its state. */
export function InstanceTable({ page, params }: InstanceTableProps) {
  return (
    <DataTable
      caption="Instances"
      columns={COLUMNS}
      rows={page.items}
      rowKey={(instance) => instance.id}
      sort={params.get("sort") ?? "name"}
      sortHref={(sort) => listQuery(params, { sort })}
      firstHref={params.has("cursor") ? listQuery(params, {}) : undefined}
      nextHref={page.nextCursor ? listQuery(params, { cursor: page.nextCursor }) : undefined}
      total={page.total}
      empty={
        <EmptyState icon={IconSearchOff} title="No instance matches">
          Nothing has this name, region or address in this state. Clear the filters to see all of them.
        </EmptyState>
      }
    />
  );
}
