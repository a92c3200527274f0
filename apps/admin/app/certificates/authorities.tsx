import type { CertificatesView } from "@kombify/api/schemas";
import { type Column, DataTable, RelativeTime } from "@kombify/ui";
import { Code, Text } from "@mantine/core";
import { StateMark } from "../lists/state-mark.tsx";

type Authority = CertificatesView["authorities"][number];

/** Of two that are trusted one issues: the newest that was told to. */
export function standingOf(authority: Authority, all: readonly Authority[]): string {
  if (authority.activatedAt === null) return "Trusted, does not issue yet";
  const issuing = all.find(({ activatedAt }) => activatedAt !== null);
  return authority === issuing ? "Issues" : "Trusted until nobody needs it";
}

const columnsOf = (all: readonly Authority[]): Column<Authority>[] => [
  {
    key: "fingerprint",
    header: "SHA-256",
    render: ({ fingerprint }) => (
      <Code fz="xs" title={fingerprint}>
        {fingerprint.slice(0, 16)}
      </Code>
    ),
  },
  {
    key: "standing",
    header: "State",
    render: (authority) => (
      <StateMark
        state={authority.activatedAt === null ? "provisioning" : "active"}
        label={standingOf(authority, all)}
      />
    ),
  },
  {
    key: "since",
    header: "Since",
    render: ({ activatedAt, createdAt }) => (
      <Text size="sm">
        <RelativeTime at={activatedAt ?? createdAt} />
      </Text>
    ),
  },
  {
    key: "notAfter",
    header: "Ends",
    render: ({ notAfter }) => (
      <Text size="sm">
        <RelativeTime at={notAfter} />
      </Text>
    ),
  },
];

/** The CAs that are trusted now, newest first. */
export function Authorities({ authorities }: { authorities: Authority[] }) {
  return (
    <DataTable
      caption="Certificate authorities, newest first"
      columns={columnsOf(authorities)}
      rows={authorities}
      rowKey={({ fingerprint }) => fingerprint}
      empty={null}
    />
  );
}
