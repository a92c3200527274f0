import { lookOf, TONE_COLORS } from "@kombify/ui";
import { Group, Text } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./state-mark.module.css";

type StateMarkProps = {
  state: string;
  /** In place of the state's own words. */
  label?: string;
  /** A second line, quieter. */
  below?: ReactNode;
};

/** A state in a dense list: icon and words. Only what needs somebody stands out. */
export function StateMark({ state, label, below }: StateMarkProps) {
  const { label: words, tone, Icon } = lookOf(state);
  const isLoud = tone === "bad" || tone === "waiting";
  const color = `var(--mantine-color-${TONE_COLORS[tone]}-text)`;
  return (
    <div>
      <Group gap={6} wrap="nowrap" className={classes.mark}>
        <Icon size={16} stroke={1.9} color={color} aria-hidden style={{ flex: "none" }} />
        <Text span size="sm" fw={isLoud ? 600 : 400} {...(isLoud ? { c: color } : {})}>
          {label ?? words}
        </Text>
      </Group>
      {below ? (
        <Text size="xs" c="dimmed">
          {below}
        </Text>
      ) : null}
    </div>
  );
}
