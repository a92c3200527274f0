import type { SessionView } from "@kombify/api/schemas";
import type { FormProblem } from "@kombify/portal/form-problem";
import { IntentButton } from "@kombify/portal/intent-button";
import { FormErrorSummary, RelativeTime } from "@kombify/ui";
import { Badge, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { Form } from "@remix-run/react";
import classes from "./sessions-section.module.css";

/** Where one is signed in; each browser but this one can be signed out. */
export function SessionsSection({ sessions, problem }: { sessions: SessionView[]; problem: FormProblem | undefined }) {
  const others = sessions.filter((session) => !session.isThisOne);
  return (
    <Paper withBorder p="lg">
      <Stack gap="md">
        <div>
          <Title order={2} size="h3">
            Where you are signed in
          </Title>
          <Text c="dimmed" size="sm">
            Signing a browser out ends what it has open in your homelab, too.
          </Text>
        </div>
        <FormErrorSummary message={problem?.message} />
        <ul className={classes.list}>
          {sessions.map((session) => (
            <li key={session.id} className={classes.session}>
              <SessionWords session={session} />
              {session.isThisOne ? null : (
                <Form method="post">
                  <IntentButton intent="session" id={session.id} variant="default" size="compact-sm">
                    Sign out
                  </IntentButton>
                </Form>
              )}
            </li>
          ))}
        </ul>
        {others.length > 0 ? (
          <Form method="post">
            <IntentButton intent="others" variant="default">
              Sign out everywhere else
            </IntentButton>
          </Form>
        ) : (
          <Text c="dimmed" size="sm">
            You are signed in nowhere else.
          </Text>
        )}
      </Stack>
    </Paper>
  );
}

function SessionWords({ session }: { session: SessionView }) {
  return (
    <div className={classes.words}>
      <Group gap="xs">
        <Text fw={600}>{session.device}</Text>
        {session.isThisOne ? (
          <Badge variant="light" tt="none" radius="xl">
            This browser
          </Badge>
        ) : null}
      </Group>
      <Text size="sm" c="dimmed">
        Signed in <RelativeTime at={session.createdAt} />
        {session.clientAddress ? ` from ${session.clientAddress}` : null}; ends <RelativeTime at={session.expiresAt} />{" "}
        unless it is used
      </Text>
    </div>
  );
}
