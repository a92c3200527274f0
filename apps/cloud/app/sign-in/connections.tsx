import { RelativeTime } from "@kombify/ui";
import { Button, Group, Paper, Stack, Text } from "@mantine/core";
import { Form, useNavigation } from "@remix-run/react";
import type { ReactNode } from "react";

type ConnectionsProps = {
  connections: {
    hasPassword: boolean;
    items: readonly { issuer: string; name: string; connectedAt: Date | string; lastUsedAt: Date | string }[];
    available: readonly { id: string; name: string }[];
  };
};

/** The provider accounts that open this account, with the way to part from each, and what could be added. */
export function Connections({ connections: { items, available, hasPassword } }: ConnectionsProps) {
  const isOnlyWayIn = !hasPassword && items.length === 1;
  if (items.length === 0 && available.length === 0)
    return (
      <Text c="dimmed">
        There is no identity provider here that could be connected. You sign in with your password.
      </Text>
    );
  return (
    <Stack gap="md">
      {items.map(({ issuer, name, connectedAt, lastUsedAt }) => (
        <Row
          key={issuer}
          name={name}
          detail={
            <>
              Connected <RelativeTime at={connectedAt} />, last used <RelativeTime at={lastUsedAt} />
              {isOnlyWayIn ? ". It is the only way into your account; set a password before you disconnect it." : "."}
            </>
          }
        >
          <IntentButton intent="disconnect" field="issuer" value={issuer} label={`Disconnect ${name}`}>
            Disconnect
          </IntentButton>
        </Row>
      ))}
      {available.map(({ id, name }) => (
        <Row key={id} name={name} detail={`Sign in with ${name} as well as with what you use now.`}>
          <IntentButton intent="connect" field="provider" value={id} label={`Connect ${name}`}>
            Connect
          </IntentButton>
        </Row>
      ))}
    </Stack>
  );
}

function Row({ name, detail, children }: { name: string; detail: ReactNode; children: ReactNode }) {
  return (
    <Paper withBorder p="lg">
      <Group justify="space-between">
        <div style={{ flex: "1 1 220px" }}>
          <Text fw={600}>{name}</Text>
          <Text c="dimmed" size="sm">
            {detail}
          </Text>
        </div>
        {children}
      </Group>
    </Paper>
  );
}

type IntentButtonProps = { intent: string; field: string; value: string; label: string; children: ReactNode };

function IntentButton({ intent, field, value, label, children }: IntentButtonProps) {
  const { state, formData } = useNavigation();
  const isBusy = state !== "idle" && formData?.get(field) === value;
  return (
    <Form method="post" action="/settings/connections">
      <input type="hidden" name="intent" value={intent} />
      <input type="hidden" name={field} value={value} />
      <Button type="submit" variant="default" aria-label={label} loading={isBusy}>
        {children}
      </Button>
    </Form>
  );
}
