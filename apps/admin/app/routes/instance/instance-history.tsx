import type { InstanceDetailView } from "@kombify/api/schemas";
import { type Column, DataTable, lookOf, RelativeTime } from "@kombify/ui";
import { Code, Text } from "@mantine/core";
import { StateMark } from "../../lists/state-mark.tsx";

type Event = InstanceDetailView["events"][number];
type Certificate = InstanceDetailView["certificates"][number];

const OTHER_EVENTS: Record<string, string> = {
  cordon: "Cordoned",
  uncordon: "Uncordoned",
  booted: "Agent started",
  joined: "Joined",
  upgrading: "Upgrade began",
  upgraded: "Upgrade ended",
};

const EVENT_COLUMNS: Column<Event>[] = [
  {
    key: "at",
    header: "When",
    render: ({ at }) => (
      <Text size="sm" c="dimmed" style={{ whiteSpace: "nowrap" }}>
        <RelativeTime at={at} />
      </Text>
    ),
  },
  {
    key: "kind",
    header: "What",
    render: ({ kind }) => <Text size="sm">{OTHER_EVENTS[kind] ?? lookOf(kind).label}</Text>,
  },
  {
    key: "detail",
    header: "Detail",
    render: ({ detail }) => (
      <Text size="sm" c="dimmed">
        {detailText(detail)}
      </Text>
    ),
  },
];

/** The agent's state before, in the words of the rest of the page. */
const detailText = (detail: string): string =>
  detail.replace(/^Was (\w+)$/, (_, before: string) => `Was: ${lookOf(before).label}`) || "No detail";

/** What happened to an instance, newest first. */
export function InstanceEvents({ events }: { events: Event[] }) {
  return (
    <DataTable
      caption="Events, newest first"
      columns={EVENT_COLUMNS}
      rows={events}
      rowKey={(event) => event.id}
      empty={
        <Text size="sm" c="dimmed">
          Nothing yet. Events begin when its agent joins.
        </Text>
      }
    />
  );
}

const CERTIFICATE_COLUMNS: Column<Certificate>[] = [
  {
    key: "serial",
    header: "Serial number",
    render: ({ serial }) => (
      <Code fz="xs" style={{ overflowWrap: "anywhere" }}>
        {serial}
      </Code>
    ),
  },
  {
    key: "issuedAt",
    header: "Issued",
    render: ({ issuedAt }) => (
      <Text size="sm">
        <RelativeTime at={issuedAt} />
      </Text>
    ),
  },
  {
    key: "notAfter",
    header: "Ends",
    render: ({ notAfter, revokedAt }) =>
      revokedAt ? (
        <StateMark state="revoked" below={<RelativeTime at={revokedAt} />} />
      ) : (
        <Text size="sm">
          <RelativeTime at={notAfter} />
        </Text>
      ),
  },
];

/** The last certificates of an instance's agents, newest first. */
export function InstanceCertificates({ certificates }: { certificates: Certificate[] }) {
  return (
    <DataTable
      caption="Certificates, newest first"
      columns={CERTIFICATE_COLUMNS}
      rows={certificates}
      rowKey={(certificate) => certificate.serial}
      empty={
        <Text size="sm" c="dimmed">
          None yet. The agent gets its first one when it joins.
        </Text>
      }
    />
  );
}
