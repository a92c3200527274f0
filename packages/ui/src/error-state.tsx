import { Button, Code, Group, Paper, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import { IconAlertTriangle, IconRefresh } from "@tabler/icons-react";
import type { ReactNode } from "react";

type ErrorStateProps = {
  /** What failed, as a heading. */
  title: string;
  /** Why, and what to do, in whole sentences. */
  children: ReactNode;
  /** What goes on working all the same. */
  stillWorks?: ReactNode;
  /** What to quote when asking for help. */
  requestId?: string | undefined;
  /** Loads the same page again; a link, so that it works without script. */
  retryHref?: string;
  /** Other ways on. */
  actions?: ReactNode;
};

/** What failed, what still works, how to try again, and the number to quote. */
export function ErrorState({ title, children, stillWorks, requestId, retryHref, actions }: ErrorStateProps) {
  return (
    <Paper withBorder p="xl" maw={620} mx="auto" w="100%">
      <Stack gap="md" align="flex-start">
        <ThemeIcon size={44} radius="xl" variant="light" color="red" aria-hidden>
          <IconAlertTriangle size={24} stroke={1.7} />
        </ThemeIcon>
        <Title order={1} size="h2">
          {title}
        </Title>
        <Text>{children}</Text>
        {stillWorks ? <Text c="dimmed">{stillWorks}</Text> : null}
        <Group gap="sm">
          {retryHref ? (
            <Button component="a" href={retryHref} leftSection={<IconRefresh size={16} aria-hidden />}>
              Try again
            </Button>
          ) : null}
          {actions}
        </Group>
        {requestId ? (
          <Text size="sm" c="dimmed">
            If you ask for help, quote <Code>{requestId}</Code>
          </Text>
        ) : null}
      </Stack>
    </Paper>
  );
}
