import type { FlagChangeView } from "@kombify/api/schemas";
import { type FormProblem, fieldError } from "@kombify/portal/form-problem";
import { RelativeTime, StatusPill } from "@kombify/ui";
import { Anchor, Blockquote, Group, List, Paper, Stack, Text, Title } from "@mantine/core";
import { PortalLink } from "../../frame/portal-link.tsx";
import { ChangeActions } from "./change-actions.tsx";

const KINDS: Record<FlagChangeView["kind"], string> = {
  update: "Change of",
  kill: "Kill",
  restore: "Let rules decide again:",
  remove: "Remove",
  override: "Override of",
};

/** The line under a change's title: who asked, and when it happens or happened. */
function Story({ change }: { change: FlagChangeView }) {
  const { requestedByName, requestedAt, scheduledAt, decidedByName, decidedAt, finishedAt, state } = change;
  const isOpen = state === "waiting_for_approval" || state === "scheduled";
  return (
    <Text size="sm" c="dimmed">
      Asked for by {requestedByName} <RelativeTime at={requestedAt} />
      {isOpen && scheduledAt ? (
        <>
          , to happen <RelativeTime at={scheduledAt} />
        </>
      ) : null}
      {decidedByName && decidedAt ? (
        <>
          , {state === "rejected" ? "rejected" : state === "cancelled" ? "taken back" : "approved"} by {decidedByName}{" "}
          <RelativeTime at={decidedAt} />
        </>
      ) : null}
      {finishedAt && (state === "applied" || state === "failed") ? (
        <>
          , {state === "applied" ? "done" : "failed"} <RelativeTime at={finishedAt} />
        </>
      ) : null}
      .
    </Text>
  );
}

type ChangeCardProps = {
  change: FlagChangeView;
  /** Of the form of this change that was refused. */
  problem: FormProblem | undefined;
};

/** One change in words: what it does, who asked, what became of it, and what can be done about it. */
export function ChangeCard({ change, problem }: ChangeCardProps) {
  const { id, flagKey, kind, summary, note, state, reason } = change;
  return (
    <Paper withBorder p="md" component="article" aria-labelledby={`change-${id}`}>
      <Stack gap="xs">
        <Group gap="sm" justify="space-between">
          <Title order={2} size="h4" id={`change-${id}`} style={{ overflowWrap: "anywhere", minWidth: 0 }}>
            {KINDS[kind]}{" "}
            <Anchor component={PortalLink} href={`/flags/${flagKey}`} inherit ff="monospace">
              {flagKey}
            </Anchor>
          </Title>
          <StatusPill state={state} />
        </Group>
        <Story change={change} />
        {summary.length > 0 ? (
          <List size="sm">
            {summary.map((line) => (
              <List.Item key={line}>{line}</List.Item>
            ))}
          </List>
        ) : null}
        {note ? (
          <Blockquote
            p="xs"
            iconSize={0}
            color="gray"
            fz="sm"
            style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}
          >
            {note}
          </Blockquote>
        ) : null}
        {reason ? (
          <Text size="sm" {...(state === "failed" ? { c: "var(--mantine-color-error)" } : {})}>
            {state === "failed" ? "It was not made: " : "Reason: "}
            {reason}
          </Text>
        ) : null}
        <ChangeActions change={change} reasonError={fieldError(problem, "reason")} />
      </Stack>
    </Paper>
  );
}
