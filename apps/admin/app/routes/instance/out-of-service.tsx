import type { InstanceDetailView } from "@kombify/api/schemas";
import { Button, Group, Stack, Text } from "@mantine/core";
import { PortalLink } from "../../frame/portal-link.tsx";
import { Section } from "../../frame/section.tsx";
import { ConfirmStep } from "./confirm-step.tsx";
import { dangersOf } from "./dangers.ts";

/** The two things about an instance that hurt when done by mistake. What cannot be done now says why. */
export function OutOfService({ instance }: { instance: InstanceDetailView }) {
  const dangers = dangersOf(instance);
  return (
    <Section title="Out of service">
      <Stack gap="md">
        {dangers.map((danger) => (
          <Group key={danger.intent} justify="space-between" gap="sm">
            <div>
              <Text fw={600}>{danger.title}</Text>
              <Text size="sm" c="dimmed" maw={640}>
                {danger.refusal ?? danger.summary}
              </Text>
            </div>
            {danger.refusal === null ? (
              <Button
                component={PortalLink}
                href={`?confirm=${danger.intent}`}
                variant="light"
                color="red"
                data-confirm={danger.intent}
              >
                {danger.action}…
              </Button>
            ) : null}
          </Group>
        ))}
      </Stack>
      <ConfirmStep instance={instance} dangers={dangers} />
    </Section>
  );
}
