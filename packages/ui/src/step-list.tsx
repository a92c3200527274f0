import { Group, Loader, Text, Timeline, VisuallyHidden } from "@mantine/core";
import { IconAlertTriangle, IconCheck, IconHourglass } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { RelativeTime } from "./relative-time.tsx";

/** `active`: under way. `waiting`: not begun, or standing still when {@link Step.isHeld} is set. */
export type StepState = "done" | "active" | "waiting" | "failed";
export type Step = {
  key: string;
  label: string;
  state: StepState;
  at?: Date | null;
  detail?: ReactNode;
  /** The step waits for something that the reader should know of; `detail` says for what. */
  isHeld?: boolean;
};

const STATE_WORDS: Record<StepState, string> = {
  done: "done",
  active: "under way",
  waiting: "not begun",
  failed: "failed",
};
const COLORS: Record<StepState, string> = { done: "green.8", active: "iris", waiting: "gray", failed: "red.9" };

function bulletOf({ state, isHeld }: Step): ReactNode {
  if (state === "done") return <IconCheck size={15} stroke={2.6} aria-hidden />;
  if (state === "failed") return <IconAlertTriangle size={15} aria-hidden />;
  if (state === "active") return <Loader size={13} color="white" aria-hidden />;
  return isHeld ? <IconHourglass size={14} aria-hidden /> : null;
}

/** Long work as its steps: what is done and when, what is under way, what it waits for. */
export function StepList({ steps, label }: { steps: readonly Step[]; label: string }) {
  const begun = steps.filter((step) => step.state !== "waiting").length;
  return (
    <Timeline active={begun - 1} bulletSize={28} lineWidth={2} role="list" aria-label={label}>
      {steps.map((step) => (
        <Timeline.Item
          key={step.key}
          role="listitem"
          {...(step.state === "active" ? { "aria-current": "step" as const } : {})}
          color={COLORS[step.state]}
          bullet={bulletOf(step)}
          title={
            <Group justify="space-between" gap="xs" align="baseline" wrap="nowrap">
              <Text span fw={step.state === "waiting" ? 400 : 600} c={step.state === "waiting" ? "dimmed" : undefined}>
                {step.label}
                <VisuallyHidden> ({STATE_WORDS[step.state]})</VisuallyHidden>
              </Text>
              {step.at ? (
                <Text span size="sm" c="dimmed" style={{ whiteSpace: "nowrap" }}>
                  <RelativeTime at={step.at} />
                </Text>
              ) : null}
            </Group>
          }
        >
          {step.detail ? (
            <Text size="sm" c={step.state === "failed" ? "red" : "dimmed"}>
              {step.detail}
            </Text>
          ) : null}
        </Timeline.Item>
      ))}
    </Timeline>
  );
}
