import type { FlagView } from "@kombify/api/schemas";
import { type FormProblem, fieldError } from "@kombify/portal/form-problem";
import { Alert, Anchor, Button, Group, List, Paper, Stack, Text, TextInput, Title } from "@mantine/core";
import { Form, useLocation, useSearchParams } from "@remix-run/react";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { SubmitButton } from "../../../forms/submit-button.tsx";
import { PortalLink } from "../../../frame/portal-link.tsx";
import { killEffects } from "../kill-effects.ts";

type QuestionProps = { flag: FlagView; problem: FormProblem | undefined };

/**
 * The question before the kill switch; `?ask=kill` opens it on any tab, so that Back closes it. It asks for a reason and not
 * for a name to be typed: it is for bad moments, and can be undone.
 */
export function KillQuestion({ flag, problem }: QuestionProps) {
  const isAsked = useSearchParams()[0].get("ask") === "kill";
  if (!isAsked || flag.killedAt !== null) return null;
  const effects = killEffects(flag);
  if (effects === null) return <NothingToGive flagKey={flag.key} />;
  return (
    <Question
      flagKey={flag.key}
      ask="kill"
      title={`Kill ${flag.key}?`}
      effects={effects}
      undo={
        flag.isSensitive
          ? "It needs no second person; restoring it will."
          : "Restore it at any time: the rules stay as they are."
      }
      button={
        <SubmitButton intent="kill" color="red">
          Kill it now
        </SubmitButton>
      }
    >
      <TextInput
        id="reason"
        name="reason"
        label="Why"
        description="Stands above the flag until it is restored, and in its history."
        placeholder="Dashboards time out since 14:10"
        maxLength={500}
        defaultValue={problem?.values.reason ?? ""}
        error={fieldError(problem, "reason")}
        autoComplete="off"
        autoFocus
      />
    </Question>
  );
}

function NothingToGive({ flagKey }: { flagKey: string }) {
  return (
    <Alert color="yellow" variant="light" icon={<IconAlertTriangle aria-hidden />} title="It cannot be killed yet">
      There is nothing to give while it is killed. Choose its off variant under{" "}
      <Anchor component={PortalLink} href={`/flags/${flagKey}`} inherit c="inherit" underline="always">
        Rules
      </Anchor>{" "}
      first. To stop it at once, disable it there: nobody then gets a value.
    </Alert>
  );
}

/** The way back: `?ask=restore`. */
export function RestoreQuestion({ flag, problem }: QuestionProps) {
  const isAsked = useSearchParams()[0].get("ask") === "restore";
  if (!isAsked || flag.killedAt === null) return null;
  return (
    <Question
      flagKey={flag.key}
      ask="restore"
      title={`Restore ${flag.key}?`}
      effects={["The rules and overrides decide again, at once, as they stand on this page."]}
      undo={flag.isSensitive ? "The flag is sensitive: a second person has to approve it." : "It can be killed again."}
      button={<SubmitButton intent="restore">Restore it</SubmitButton>}
    >
      <TextInput
        id="note"
        name="note"
        label="Note (optional)"
        maxLength={1000}
        defaultValue={problem?.values.note ?? ""}
        error={fieldError(problem, "note")}
        autoComplete="off"
      />
    </Question>
  );
}

type FrameProps = {
  flagKey: string;
  ask: "kill" | "restore";
  title: string;
  effects: string[];
  undo: string;
  button: ReactNode;
  children: ReactNode;
};

function Question({ flagKey, ask, title, effects, undo, button, children }: FrameProps) {
  const { pathname } = useLocation();
  return (
    <Paper withBorder p="md" component="section" aria-label={title}>
      <Form method="post" action={`/flags/${flagKey}?ask=${ask}`} replace>
        <Stack gap="sm">
          <Title order={2} size="h3">
            {title}
          </Title>
          <List size="sm">
            {effects.map((effect) => (
              <List.Item key={effect}>{effect}</List.Item>
            ))}
          </List>
          <Text size="sm" c="dimmed">
            {undo}
          </Text>
          {children}
          <Group>
            {button}
            <Button component={PortalLink} href={pathname} variant="default">
              Keep it as it is
            </Button>
          </Group>
        </Stack>
      </Form>
    </Paper>
  );
}
