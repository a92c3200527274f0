import { Paper, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./form-page.module.css";

type FormPageProps = { title: string; lead?: ReactNode; children: ReactNode; below?: ReactNode };

/** A page with one form in its middle. */
export function FormPage({ title, lead, children, below }: FormPageProps) {
  return (
    <div className={classes.page}>
      <Stack gap={4} mb="lg">
        <Title order={1}>{title}</Title>
        {lead ? <Text c="dimmed">{lead}</Text> : null}
      </Stack>
      <Paper withBorder shadow="xs" className={classes.card}>
        {children}
      </Paper>
      {below ? (
        <Text ta="center" mt="md" c="dimmed">
          {below}
        </Text>
      ) : null}
    </div>
  );
}
