import type { TokenView } from "@kombify/api/schemas";
import { type Column, DataTable, EmptyState, exactUtcText, RelativeTime } from "@kombify/ui";
import { Button, Code, Text } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { PortalLink } from "../../frame/portal-link.tsx";
import classes from "./tokens.module.css";
import { SCOPE_WORDS } from "./words.ts";

const COLUMNS: readonly Column<TokenView & { isExpired: boolean }>[] = [
  {
    key: "name",
    header: "Name",
    render: ({ name, prefix }) => (
      <>
        <Text fw={600} style={{ overflowWrap: "anywhere" }}>
          {name}
        </Text>
        <Code>{prefix}…</Code>
      </>
    ),
  },
  {
    key: "scopes",
    header: "May",
    render: ({ scopes }) => (
      <ul className={classes.scopes}>
        {scopes.map((scope) => (
          <li key={scope}>{SCOPE_WORDS[scope].label}</li>
        ))}
      </ul>
    ),
  },
  { key: "createdAt", header: "Made", render: ({ createdAt }) => <RelativeTime at={createdAt} /> },
  {
    key: "lastUsedAt",
    header: "Last used",
    render: ({ lastUsedAt }) => (lastUsedAt ? <RelativeTime at={lastUsedAt} /> : "Never"),
  },
  {
    key: "expiresAt",
    header: "Ends",
    render: ({ expiresAt, isExpired }) => <EndDate at={expiresAt} isExpired={isExpired} />,
  },
  {
    key: "revoke",
    header: "",
    align: "right",
    render: ({ id, name }) => (
      <Button
        component={PortalLink}
        href={`/settings/tokens?revoke=${id}`}
        variant="default"
        size="xs"
        aria-label={`Revoke ${name}`}
      >
        Revoke
      </Button>
    ),
  },
];

/** The day: "in 2 months" would be right for 89 days and for 61. */
function EndDate({ at, isExpired }: { at: Date; isExpired: boolean }) {
  const exact = exactUtcText(at);
  return (
    <>
      <time className={classes.date} dateTime={at.toISOString()} title={exact}>
        {exact.split(",")[0]}
      </time>
      {isExpired ? (
        <Text size="sm" fw={600} c="var(--mantine-color-red-text)">
          Expired
        </Text>
      ) : null}
    </>
  );
}

/** @param now milliseconds since 1970, as the server read the list. */
export function TokenList({ tokens, now }: { tokens: readonly TokenView[]; now: number }) {
  return (
    <DataTable
      caption="Your access tokens"
      columns={COLUMNS}
      rows={tokens.map((token) => ({ ...token, isExpired: token.expiresAt.getTime() <= now }))}
      rowKey={({ id }) => id}
      empty={
        <EmptyState icon={IconKey} title="No access tokens yet">
          A token lets a script or another program use kombify in your name, without your password. Make one below.
        </EmptyState>
      }
    />
  );
}
