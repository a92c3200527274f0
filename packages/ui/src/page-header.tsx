import { Group, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./page-header.module.css";

type PageHeaderProps = {
  title: ReactNode;
  description?: ReactNode;
  /** Beside the title: a status pill, the live mark. */
  marks?: ReactNode;
  /** Buttons, at the end of the line; below the title on a phone. */
  actions?: ReactNode;
  /** Above the title: the way back. */
  above?: ReactNode;
};

/** The head of a page: one `h1`, what the page is about, what can be done here. */
export function PageHeader({ title, description, marks, actions, above }: PageHeaderProps) {
  return (
    <header className={classes.header}>
      <div className={classes.words}>
        {above}
        <Group gap="sm" align="center">
          <Title order={1}>{title}</Title>
          {marks}
        </Group>
        {description ? <Text c="dimmed">{description}</Text> : null}
      </div>
      {actions ? <div className={classes.actions}>{actions}</div> : null}
    </header>
  );
}
