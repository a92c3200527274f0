import type { FleetOverview } from "@kombify/api/schemas";
import { type Column, DataTable, RelativeTime } from "@kombify/ui";
import { Anchor, Text } from "@mantine/core";
import { PortalLink } from "../../frame/portal-link.tsx";

type Ending = FleetOverview["certificates"][number];

const COLUMNS: Column<Ending>[] = [
  {
    key: "instance",
    header: "Instance",
    render: (certificate) => (
      <Anchor component={PortalLink} href={`/instances/${certificate.instanceId}`} fw={600} size="sm">
        {certificate.instanceName}
      </Anchor>
    ),
  },
  {
    key: "notAfter",
    header: "Ends",
    render: (certificate) => (
      <Text size="sm">
        <RelativeTime at={certificate.notAfter} />
      </Text>
    ),
  },
];

/** Agents that should have renewed by now: they do so at two thirds of a certificate's life. */
export function EndingCertificates({ certificates }: { certificates: Ending[] }) {
  return (
    <DataTable
      caption="Certificates that end soon"
      columns={COLUMNS}
      rows={certificates}
      rowKey={(certificate) => certificate.instanceId}
      empty={
        <Text size="sm" c="dimmed">
          None. Agents renew theirs by themselves, long before they end.
        </Text>
      }
    />
  );
}
