import { Paper, Title } from "@mantine/core";
import { type ReactNode, useId } from "react";
import classes from "./sections.module.css";

type SectionProps = {
  title: string;
  /** At the end of the title's line: a link to all of them, a count. */
  aside?: ReactNode;
  children: ReactNode;
};

/** One titled part of a page. */
export function Section({ title, aside, children }: SectionProps) {
  const id = useId();
  return (
    <Paper component="section" withBorder className={classes.section} aria-labelledby={id}>
      <div className={classes.head}>
        <Title order={2} size="h3" id={id}>
          {title}
        </Title>
        {aside}
      </div>
      {children}
    </Paper>
  );
}

/** Parts side by side where there is room: `tiles` small ones, `halves` two to a line. */
export function Sections({ as, children }: { as: "tiles" | "halves"; children: ReactNode }) {
  return <div className={classes[as]}>{children}</div>;
}

/** Names with their values. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className={classes.facts}>{children}</dl>;
}

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
