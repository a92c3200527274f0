import type { FlagSummaryView } from "@kombify/api/schemas";
import { type Column, DataTable, EmptyState, RelativeTime } from "@kombify/ui";
import { Anchor, Text } from "@mantine/core";
import { IconSearchOff } from "@tabler/icons-react";
import { deliveryWords } from "../../flags/delivery-words.ts";
import { counted, kindName, TYPE_NAMES } from "../../flags/flag-words.ts";
import { PortalLink } from "../../frame/portal-link.tsx";
import { listQuery } from "../../lists/list-address.ts";
import { StateMark } from "../../lists/state-mark.tsx";

function Waiting({ flag }: { flag: FlagSummaryView }) {
  if (flag.waitingChanges === 0) return null;
  return (
    <Anchor component={PortalLink} href={`/flags/changes?${new URLSearchParams({ key: flag.key })}`} size="xs">
      {counted(flag.waitingChanges, "change waits", "changes wait")}
    </Anchor>
  );
}

function Lifetime({ flag: { lifetime, expiresAt } }: { flag: FlagSummaryView }) {
  if (lifetime === "permanent") return <>permanent</>;
  if (expiresAt === null) return <>temporary</>;
  return (
    <>
      ends <RelativeTime at={expiresAt} />
    </>
  );
}

function Delivery({ flag }: { flag: FlagSummaryView }) {
  const { isBehind, words } = deliveryWords(flag);
  if (isBehind) return <StateMark state="stale" label={words} />;
  return (
    <Text size="sm" c="dimmed">
      {words}
    </Text>
  );
}

const columns = (params: URLSearchParams): Column<FlagSummaryView>[] => [
  {
    key: "key",
    header: "Flag",
    sortKey: "key",
    render: ({ key, description }) => (
      <div>
        <Anchor
          component={PortalLink}
          href={`/flags/${key}`}
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
    key: "standing",
    header: "Standing",
    render: (flag) => (
      <StateMark state={flag.standing} below={flag.waitingChanges > 0 ? <Waiting flag={flag} /> : null} />
    ),
  },
  {
    key: "type",
    header: "Type",
    render: (flag) => (
      <div>
        <Text size="sm">{TYPE_NAMES[flag.type]}</Text>
        <Text size="xs" c="dimmed">
          {kindName(flag.kind)}, <Lifetime flag={flag} />
        </Text>
      </div>
    ),
  },
  {
    key: "owner",
    header: "Owner",
    render: ({ owner }) => (
      <Anchor
        component={PortalLink}
        href={listQuery(params, { owner })}
        size="sm"
        c="var(--mantine-color-text)"
        style={{ overflowWrap: "anywhere" }}
      >
        {owner}
      </Anchor>
    ),
  },
  {
    key: "updatedAt",
    header: "Changed",
    sortKey: "updatedAt",
    render: ({ updatedAt, createdAt }) => (
      <div style={{ whiteSpace: "nowrap" }}>
        <Text size="sm">
          <RelativeTime at={updatedAt} />
        </Text>
        <Text size="xs" c="dimmed">
          made <RelativeTime at={createdAt} />
        </Text>
      </div>
    ),
  },
  {
    key: "evaluations",
    header: "Last evaluated",
    sortOnly: "-evaluations",
    render: ({ lastEvaluatedAt, evaluations }) =>
      lastEvaluatedAt === null ? (
        <Text size="sm" c="dimmed">
          Never
        </Text>
      ) : (
        <div style={{ whiteSpace: "nowrap" }}>
          <Text size="sm">
            <RelativeTime at={lastEvaluatedAt} />
          </Text>
          <Text size="xs" c="dimmed">
            {evaluations.toLocaleString("en")} in 24 hours
          </Text>
        </div>
      ),
  },
  {
    key: "overrides",
    header: "Overrides",
    align: "right",
    render: ({ overrides }) => (
      <Text size="sm" {...(overrides === 0 ? { c: "dimmed" } : {})}>
        {overrides.toLocaleString("en")}
      </Text>
    ),
  },
  {
    key: "instancesBehind",
    header: "Instances",
    sortOnly: "-instancesBehind",
    render: (flag) => <Delivery flag={flag} />,
  },
];

type FlagTableProps = { page: { items: FlagSummaryView[]; nextCursor: string | null }; params: URLSearchParams };

/** The flags of one page of the list, each with how it stands, who answers for it, and who lags. */
export function FlagTable({ page, params }: FlagTableProps) {
  return (
    <DataTable
      caption="Flags"
      columns={columns(params)}
      rows={page.items}
      rowKey={({ key }) => key}
      sort={params.get("sort") ?? "key"}
      sortHref={(sort) => listQuery(params, { sort })}
      firstHref={params.has("cursor") ? listQuery(params, {}) : undefined}
      nextHref={page.nextCursor ? listQuery(params, { cursor: page.nextCursor }) : undefined}
      empty={
        <EmptyState icon={IconSearchOff} title="No flag matches">
          Search looks at keys and descriptions. Clear the filters to see all flags.
        </EmptyState>
      }
    />
  );
}
