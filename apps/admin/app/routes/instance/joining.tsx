import type { InstanceDetailView, JoinTokenView } from "@kombify/api/schemas";
import { RelativeTime } from "@kombify/ui";
import { Group, Paper, Text } from "@mantine/core";
import { Form } from "@remix-run/react";
import { SubmitButton } from "../../forms/submit-button.tsx";
import { JoinPanel } from "../../instances/join-panel.tsx";

type JoiningProps = { instance: InstanceDetailView; token: JoinTokenView | null; mayOperate: boolean };

/** Why there may be no agent to wait for, by state of the connection. */
const REASONS = {
  pending: "Its agent has not joined yet.",
  stale: "Its agent is silent. If it does not come back, a new agent can take its place.",
  offline: "Its agent is away. If it does not come back, a new agent can take its place.",
  revoked: "Its agent was cut off. Another one takes its place with a new command.",
} as const;

/** For an instance without an agent: the command that joins one, just made or to be made. */
export function Joining({ instance, token, mayOperate }: JoiningProps) {
  const newCommand = (
    <Form method="post" replace preventScrollReset>
      <SubmitButton intent="join-token" variant={instance.joinToken ? "default" : "filled"}>
        {instance.joinToken ? "Make a new join command" : "Make a join command"}
      </SubmitButton>
    </Form>
  );
  if (token) return <JoinPanel token={token} connection={instance.connection} renewal={newCommand} />;
  if (instance.connection === "connected") return null;
  return (
    <Paper component="section" withBorder p="md" aria-label="Joining">
      <Group justify="space-between" gap="sm">
        <div>
          <Text fw={600}>{REASONS[instance.connection]}</Text>
          <Text size="sm" c="dimmed">
            {instance.joinToken ? (
              <>
                A join command is open and ends <RelativeTime at={instance.joinToken.expiresAt} />. A new one ends it.
              </>
            ) : (
              "No join command is open."
            )}
          </Text>
        </div>
        {mayOperate ? newCommand : null}
      </Group>
    </Paper>
  );
}
