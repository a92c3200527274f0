import type { FlagHistoryView } from "@kombify/api/schemas";
import { RelativeTime } from "@kombify/ui";
import { Badge, Button, Group, Text } from "@mantine/core";
import { PortalLink } from "../../../frame/portal-link.tsx";
import { listQuery } from "../../../lists/list-address.ts";
import { DifferenceList } from "../review/difference-list.tsx";
import classes from "./history.module.css";

type Version = FlagHistoryView["items"][number];

const ACTIONS: Record<string, string> = {
  create: "Made",
  update: "Changed",
  kill: "Killed",
  restore: "Restored",
  revert: "Taken back to an earlier version",
  import: "Imported",
  remove: "Removed",
  override: "Override changed",
};

type VersionListProps = { versions: Version[]; current: number; mayWrite: boolean; params: URLSearchParams };

/** What was done to a flag: by whom, when, why, and what was different after it. */
export function VersionList({ versions, current, mayWrite, params }: VersionListProps) {
  return (
    <ol className={classes.versions}>
      {versions.map((version) => (
        <li key={version.version} className={classes.version}>
          <Head version={version} isCurrent={version.version === current} />
          {version.note ? (
            <Text size="sm" style={{ overflowWrap: "anywhere" }}>
              “{version.note}”
            </Text>
          ) : null}
          <Differences version={version} />
          {mayWrite && version.canRevert && version.version !== current ? (
            <Group>
              <Button
                component={PortalLink}
                href={listQuery(params, {
                  revert: String(version.version),
                  ...(params.get("cursor") ? { cursor: params.get("cursor") } : {}),
                })}
                variant="default"
                size="compact-sm"
              >
                Go back to version {version.version}…
              </Button>
            </Group>
          ) : null}
        </li>
      ))}
    </ol>
  );
}

function Head({ version, isCurrent }: { version: Version; isCurrent: boolean }) {
  const { action, actorName, approvedByName, at } = version;
  return (
    <Group gap="xs" justify="space-between">
      <Group gap="xs">
        <Text size="sm" fw={600}>
          Version {version.version}: {ACTIONS[action] ?? action}
        </Text>
        {isCurrent ? (
          <Badge variant="light" size="sm" tt="none">
            Now
          </Badge>
        ) : null}
      </Group>
      <Text size="sm" c="dimmed">
        {actorName}
        {approvedByName ? `, approved by ${approvedByName}` : ""}, <RelativeTime at={at} />
      </Text>
    </Group>
  );
}

/** A few are shown; many are folded away. */
const SHOWN = 3;

function Differences({ version: { action, differences } }: { version: Version }) {
  // Everything is new in what was just made.
  if (differences.length === 0 || action === "create") return null;
  if (differences.length <= SHOWN) return <DifferenceList differences={differences} />;
  return (
    <details>
      <Text component="summary" size="sm" style={{ cursor: "pointer" }}>
        {differences.length} things are different
      </Text>
      <DifferenceList differences={differences} />
    </details>
  );
}
