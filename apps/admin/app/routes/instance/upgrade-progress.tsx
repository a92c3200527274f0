import type { InstanceDetailView } from "@kombify/api/schemas";
import { RelativeTime, StatusPill, useNow } from "@kombify/ui";
import { Anchor, Group, Progress, Stack, Text } from "@mantine/core";
import { PortalLink } from "../../frame/portal-link.tsx";
import { Section } from "../../frame/section.tsx";
import {
  durationText,
  isUpgradeShown,
  remainingText,
  type Upgrade,
  upgradeCounts,
  upgradeTitle,
} from "../../instances/upgrade-words.ts";

/** How far a host is with bringing its namespaces to a new version; nothing when that is long over. */
export function UpgradeProgress({ instance }: { instance: InstanceDetailView }) {
  const now = useNow();
  const { upgrade } = instance;
  if (!upgrade || !isUpgradeShown(upgrade, now)) return null;
  const { total, done, quarantined } = upgrade;
  const share = (count: number) => (total > 0 ? (100 * count) / total : 0);
  return (
    <Section
      title="Upgrade"
      aside={
        <StatusPill
          state={upgrade.finishedAt ? (quarantined > 0 ? "quarantined" : "upgraded") : "upgrading"}
          label={markOf(upgrade)}
        />
      }
    >
      <Stack gap="sm">
        <Text fw={600}>{upgradeTitle(upgrade)}</Text>
        <Progress.Root size={10}>
          <Progress.Section
            value={share(done)}
            color={upgrade.finishedAt ? "green.8" : "iris"}
            aria-label="Upgraded"
            aria-valuetext={upgradeCounts(upgrade)}
          />
          {quarantined > 0 ? (
            <Progress.Section
              value={share(quarantined)}
              color="red.8"
              aria-label="Under quarantine"
              aria-valuetext={`${quarantined} of ${total}`}
            />
          ) : null}
        </Progress.Root>
        <Group justify="space-between" gap="xs">
          <Text size="sm" c="dimmed">
            <Times upgrade={upgrade} now={now} />
          </Text>
          {quarantined > 0 ? (
            <Anchor component={PortalLink} href={`/tenants?instance=${instance.id}&status=quarantined`} size="sm">
              Who is under quarantine
            </Anchor>
          ) : null}
        </Group>
        {upgrade.finishedAt ? null : (
          <Text size="sm" c="dimmed">
            One after the other. Each tenant is closed until its turn is over; whoever launches is next.
          </Text>
        )}
      </Stack>
    </Section>
  );
}

const markOf = ({ finishedAt, quarantined }: Upgrade): string =>
  finishedAt ? (quarantined > 0 ? "Ended, not for all" : "Ended") : "Under way";

function Times({ upgrade, now }: { upgrade: Upgrade; now: number | null }) {
  const { startedAt, finishedAt } = upgrade;
  if (finishedAt)
    return (
      <>
        Ended <RelativeTime at={finishedAt} />, after {durationText(Date.parse(finishedAt) - Date.parse(startedAt))}
      </>
    );
  const remaining = remainingText(upgrade, now);
  return (
    <>
      Began <RelativeTime at={startedAt} />
      {remaining ? `, about ${remaining} to go` : ""}
    </>
  );
}
