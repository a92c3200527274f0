import type { InstanceView, JoinTokenView } from "@kombify/api/schemas";
import { useNow } from "@kombify/ui";
import { Button, Code, CopyButton, Group, Loader, Paper, Stack, Text, Title } from "@mantine/core";
import { IconCheck, IconCircleCheck, IconClockOff, IconCopy } from "@tabler/icons-react";
import { type ReactNode, useEffect, useId, useRef } from "react";
import { countdown } from "./countdown.ts";
import classes from "./join-panel.module.css";

type JoinPanelProps = {
  token: Pick<JoinTokenView, "joinCommand" | "expiresAt"> & { instance: Pick<InstanceView, "name"> };
  /** As it is now. */
  connection: InstanceView["connection"];
  /** The form that makes a new token, shown once this one has ended. */
  renewal: ReactNode;
};

/** The command that joins a host, shown this once, and what has become of it. */
export function JoinPanel({ token, connection, renewal }: JoinPanelProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const id = useId();
  const now = useNow();
  const left = now === null ? null : countdown(token.expiresAt.getTime(), now);
  const hasJoined = connection === "connected";
  const hasEnded = now !== null && left === null && !hasJoined;
  // The command is the answer to what was just asked for: keyboard and screen reader go on from here.
  useEffect(() => heading.current?.focus(), []);
  return (
    <Paper component="section" withBorder className={classes.panel} aria-labelledby={id}>
      <Stack gap="md">
        <div>
          <Title order={2} size="h3" id={id} ref={heading} tabIndex={-1} className={classes.title}>
            Join {token.instance.name}
          </Title>
          <Text c="dimmed" size="sm">
            Run this on the host, in its kombify checkout. It works once, and is not shown again.
          </Text>
        </div>
        {hasEnded ? null : (
          <div className={classes.command}>
            <Code block className={classes.text}>
              {token.joinCommand}
            </Code>
            <CopyButton value={token.joinCommand} timeout={2_500}>
              {({ copied, copy }) => (
                <Button
                  variant={copied ? "light" : "filled"}
                  onClick={copy}
                  leftSection={copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
                >
                  <span aria-live="polite">{copied ? "Copied" : "Copy the command"}</span>
                </Button>
              )}
            </CopyButton>
          </div>
        )}
        <div role="status">
          {hasJoined ? (
            <Outcome icon={<IconCircleCheck size={20} color="var(--mantine-color-green-text)" aria-hidden />}>
              {token.instance.name} has joined.
            </Outcome>
          ) : hasEnded ? (
            <Outcome icon={<IconClockOff size={20} color="var(--mantine-color-yellow-text)" aria-hidden />}>
              The command has ended without being used. Make a new one.
            </Outcome>
          ) : (
            <Outcome icon={<Loader size={18} aria-hidden />}>Waiting for the agent…</Outcome>
          )}
        </div>
        {hasJoined ? null : hasEnded ? (
          renewal
        ) : (
          <Text size="sm" c="dimmed">
            The command works for another <span className={classes.left}>{left ?? "15:00"}</span> minutes.
          </Text>
        )}
      </Stack>
    </Paper>
  );
}

function Outcome({ icon, children }: { icon: ReactNode; children: ReactNode }) {
  return (
    <Group gap="xs" wrap="nowrap">
      {icon}
      <Text fw={600}>{children}</Text>
    </Group>
  );
}
