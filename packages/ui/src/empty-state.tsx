import { Stack, Text, ThemeIcon, Title } from "@mantine/core";
import type { TablerIcon } from "@tabler/icons-react";
import type { ReactNode } from "react";

type EmptyStateProps = {
  icon: TablerIcon;
  title: string;
  children: ReactNode;
  action?: ReactNode /** 1 where this is all that the page holds. */;
  level?: 1 | 2;
};

/** What this place is for, and the button that begins it, where there is nothing to show yet. */
export function EmptyState({ icon: Icon, title, children, action, level = 2 }: EmptyStateProps) {
  return (
    <Stack align="center" gap="sm" py="xl" px="md" ta="center">
      <ThemeIcon size={52} radius="xl" variant="light" aria-hidden>
        <Icon size={26} stroke={1.6} />
      </ThemeIcon>
      <Title order={level} size="h3">
        {title}
      </Title>
      <Text c="dimmed" maw={420}>
        {children}
      </Text>
      {action}
    </Stack>
  );
}
