import type { RotationKindView, RotationView } from "@kombify/api/schemas";
import { RelativeTime } from "@kombify/ui";
import { Button, Group, List, NativeSelect, Stack, Text } from "@mantine/core";
import { Form } from "@remix-run/react";
import { SubmitButton } from "../../forms/submit-button.tsx";
import { PortalLink } from "../../frame/portal-link.tsx";
import { Fact, Facts, Section } from "../../frame/section.tsx";
import { useMayOperate } from "../../frame/staff.ts";
import { RunningRotation } from "./running-rotation.tsx";

const CHOICES = [30, 60, 90, 180, 365];

const policyText = (days: number | null) => (days === null ? "By command only" : `Every ${days} days`);

/** One kind of key: how old, when next, what is under way, how the last ones went. */
export function KeyKind({ kind }: { kind: RotationKindView }) {
  const mayOperate = useMayOperate();
  return (
    <Section
      title={kind.title}
      aside={
        mayOperate && kind.running === null ? (
          <Button component={PortalLink} href={`?rotate=${kind.kind}`} variant="default" size="compact-md">
            Rotate now…
          </Button>
        ) : null
      }
    >
      <Stack gap="md">
        <Facts>
          <Fact name="In use since">
            {kind.inUseSince ? <RelativeTime at={kind.inUseSince} /> : "There is none yet"}
          </Fact>
          <Fact name="Next exchange">
            {kind.running ? "Under way" : kind.nextAt ? <RelativeTime at={kind.nextAt} /> : "Not planned"}
          </Fact>
          <Fact name="How often">{policyText(kind.everyDays)}</Fact>
        </Facts>
        {mayOperate ? <Policy kind={kind} /> : null}
        {kind.running ? <RunningRotation rotation={kind.running} title={kind.title} /> : null}
        {kind.recent.length > 0 ? <Recent rotations={kind.recent} /> : null}
      </Stack>
    </Section>
  );
}

function Policy({ kind: { kind, title, everyDays, defaultEveryDays } }: { kind: RotationKindView }) {
  const days = [...new Set([...CHOICES, everyDays, defaultEveryDays])].filter((one) => one !== null);
  const choices = days.toSorted((a, b) => a - b).map((one) => ({ value: String(one), label: policyText(one) }));
  return (
    <Form method="post" replace preventScrollReset>
      <input type="hidden" name="kind" value={kind} />
      <Group gap="xs">
        <NativeSelect
          // What somebody else has set meanwhile is shown.
          key={everyDays}
          name="everyDays"
          size="xs"
          w={170}
          aria-label={`How often: ${title}`}
          defaultValue={everyDays === null ? "" : String(everyDays)}
          data={[...choices, { value: "", label: policyText(null) }]}
        />
        <SubmitButton intent="policy" size="xs" variant="default">
          Set how often
        </SubmitButton>
      </Group>
    </Form>
  );
}

function durationText(from: Date, to: Date): string {
  const seconds = Math.round((to.getTime() - from.getTime()) / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

/** The last ten, folded away: they matter when something is being looked into. */
function Recent({ rotations }: { rotations: RotationView[] }) {
  return (
    <details>
      <Text component="summary" size="sm" style={{ cursor: "pointer" }}>
        Last {rotations.length === 1 ? "exchange" : `${rotations.length} exchanges`}
      </Text>
      <List size="sm" mt="xs">
        {rotations.map(({ id, startedAt, finishedAt, cancelledAt, requestedBy }) => (
          <List.Item key={id}>
            <RelativeTime at={startedAt} />, {cancelledAt ? "taken back" : "done"} after{" "}
            {durationText(startedAt, finishedAt ?? startedAt)}
            {requestedBy ? `, by ${requestedBy}` : ""}
          </List.Item>
        ))}
      </List>
    </details>
  );
}
