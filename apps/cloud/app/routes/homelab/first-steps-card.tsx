import { Anchor, Group, Paper, Text, Title, VisuallyHidden } from "@mantine/core";
import { IconCircle, IconCircleCheck } from "@tabler/icons-react";
import { PortalLink } from "../../frame/portal-link.tsx";
import type { FirstStep } from "./first-steps.ts";
import classes from "./homelab.module.css";

/** What is worth doing first; each ticks itself off. */
export function FirstStepsCard({ steps }: { steps: readonly FirstStep[] }) {
  const done = steps.filter(({ isDone }) => isDone).length;
  return (
    <Paper withBorder shadow="xs" className={classes.card} component="section" aria-labelledby="first-steps">
      <Group justify="space-between" align="baseline" mb="md" gap="xs">
        <Title order={2} id="first-steps">
          First steps
        </Title>
        <Text size="sm" c="dimmed">
          {done} of {steps.length} done
        </Text>
      </Group>
      <ul className={classes.steps}>
        {steps.map((step) => (
          <li key={step.key}>
            {step.isDone ? (
              <IconCircleCheck size={20} className={classes.done} aria-hidden />
            ) : (
              <IconCircle size={20} className={classes.todo} aria-hidden />
            )}
            <span>
              <VisuallyHidden>{step.isDone ? "Done: " : "To do: "}</VisuallyHidden>
              {step.isDone || step.href === null ? (
                <Text span c={step.isDone ? "dimmed" : undefined}>
                  {step.text}
                </Text>
              ) : (
                <Anchor component={PortalLink} href={step.href} underline="always">
                  {step.text}
                </Anchor>
              )}
            </span>
          </li>
        ))}
      </ul>
    </Paper>
  );
}
