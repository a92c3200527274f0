import type { FlagChangeView, FlagView } from "@kombify/api/schemas";
import { RelativeTime } from "@kombify/ui";
import { Alert, Anchor, Button, Group, List, Text } from "@mantine/core";
import { IconHourglass, IconPower } from "@tabler/icons-react";
import { PortalLink } from "../../../frame/portal-link.tsx";

type KilledBannerProps = { flag: FlagView; killedBy: string | null; mayWrite: boolean };

/** While the flag is killed: since when, by whom and why, and the way back. */
export function KilledBanner({ flag, killedBy, mayWrite }: KilledBannerProps) {
  if (!flag.killedAt) return null;
  const { offVariant } = flag.definition;
  return (
    <Alert color="red" variant="light" icon={<IconPower aria-hidden />} title="Killed">
      <Group justify="space-between" gap="sm" align="flex-end">
        <div>
          <Text size="sm">
            Everybody gets {offVariant ?? "no value"} since <RelativeTime at={flag.killedAt} />
            {killedBy ? `, by ${killedBy}` : ""}. Rules and overrides do not count.
          </Text>
          {flag.killedReason ? (
            <Text size="sm" style={{ overflowWrap: "anywhere" }}>
              Why: {flag.killedReason}
            </Text>
          ) : null}
        </div>
        {mayWrite ? (
          <Button component={PortalLink} href="?ask=restore" variant="default">
            Restore…
          </Button>
        ) : null}
      </Group>
    </Alert>
  );
}

/** Changes of the flag that have not happened yet. */
export function WaitingBanner({ changes }: { changes: FlagChangeView[] }) {
  if (changes.length === 0) return null;
  return (
    <Alert
      color="yellow"
      variant="light"
      icon={<IconHourglass aria-hidden />}
      title={changes.length === 1 ? "A change waits" : `${changes.length} changes wait`}
    >
      <List size="sm" spacing={4}>
        {changes.map((change) => (
          <List.Item key={change.id}>
            {change.summary.join("; ") || "A change"}
            {change.note ? ` (“${change.note}”)` : ""}. Asked for by {change.isMine ? "you" : change.requestedByName}{" "}
            <RelativeTime at={change.requestedAt} />.{" "}
            {change.state === "waiting_for_approval"
              ? change.isMine
                ? "Somebody else has to approve it."
                : "You can approve it."
              : null}
            {change.scheduledAt ? (
              <>
                {" "}
                Not before <RelativeTime at={change.scheduledAt} />.
              </>
            ) : null}
          </List.Item>
        ))}
      </List>
      <Anchor component={PortalLink} href="/flags/changes" size="sm" c="inherit" underline="always">
        Look at changes that wait
      </Anchor>
    </Alert>
  );
}
