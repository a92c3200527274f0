import type { ServiceCertificateView } from "@kombify/api/schemas";
import { type Column, DataTable, RelativeTime } from "@kombify/ui";
import { Anchor, Code, Text } from "@mantine/core";
import { PortalLink } from "../frame/portal-link.tsx";
import { StateMark } from "../lists/state-mark.tsx";

export const SERVICE_TITLES: Record<ServiceCertificateView["service"], string> = {
  cloud: "Cloud",
  admin: "Admin",
  gateway: "Gateway",
};

/** @param revokeHref where it is asked whether a certificate shall be revoked; without it nobody may. */
const columnsOf = (revokeHref?: (serial: string) => string): Column<ServiceCertificateView>[] => [
  {
    key: "service",
    header: "Service",
    render: ({ service }) => <Text size="sm">{SERVICE_TITLES[service]}</Text>,
  },
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
        <StateMark state="revoked" label="Revoked" below={<RelativeTime at={revokedAt} />} />
      ) : (
        <Text size="sm">
          <RelativeTime at={notAfter} />
        </Text>
      ),
  },
  ...(revokeHref
    ? [
        {
          key: "revoke",
          header: "Change",
          render: ({ serial, service, revokedAt }: ServiceCertificateView) =>
            revokedAt ? (
              <Text size="sm" c="dimmed">
                Refused
              </Text>
            ) : (
              <Anchor
                component={PortalLink}
                href={revokeHref(serial)}
                size="sm"
                aria-label={`Revoke the certificate ${serial} of ${SERVICE_TITLES[service]}`}
              >
                Revoke
              </Anchor>
            ),
        },
      ]
    : []),
];

type ServiceCertificatesProps = { items: ServiceCertificateView[]; revokeHref?: (serial: string) => string };

/** Certificates of our own services and of gateways that have not ended, newest first. */
export function ServiceCertificates({ items, revokeHref }: ServiceCertificatesProps) {
  return (
    <DataTable
      caption="Certificates of services, newest first"
      columns={columnsOf(revokeHref)}
      rows={items}
      rowKey={({ serial }) => serial}
      empty={
        <Text size="sm" c="dimmed">
          No service has a certificate. Each takes one when it starts.
        </Text>
      }
    />
  );
}
