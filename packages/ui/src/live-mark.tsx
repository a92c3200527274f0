import { Group, Text } from "@mantine/core";
import classes from "./live-mark.module.css";

export type LiveState = "connecting" | "live" | "reconnecting" | "offline";

const WORDS: Record<LiveState, { text: string; hint: string }> = {
  connecting: { text: "Connecting", hint: "This page shows what was true when it was loaded." },
  live: { text: "Live", hint: "This page changes by itself." },
  reconnecting: { text: "Reconnecting", hint: "The connection was lost. What you see may be out of date." },
  offline: { text: "Not live", hint: "This page shows what was true when it was loaded." },
};

type LiveMarkProps = {
  state: LiveState;
  /** Its place is as wide as its longest word, so that nothing moves; this is the side on which it stands. */
  align?: "start" | "end";
};

/** Says whether what the page shows is kept current. */
export function LiveMark({ state, align = "start" }: LiveMarkProps) {
  return (
    <Group gap={6} wrap="nowrap" role="status" title={WORDS[state].hint} className={classes.mark} data-align={align}>
      <span className={classes.dot} data-state={state} />
      <Text span size="sm" c="dimmed">
        {WORDS[state].text}
      </Text>
    </Group>
  );
}
