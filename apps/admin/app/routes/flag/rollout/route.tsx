import { pageAnswer } from "@kombify/portal/service-error";
import { RelativeTime } from "@kombify/ui";
import { Group, Progress, Stack, Text } from "@mantine/core";
import type { LoaderFunctionArgs } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { Section } from "../../../frame/section.tsx";
import { flagKeyOf } from "../flag-key.ts";
import { rolloutCounts } from "./rollout-state.ts";
import { RolloutTable } from "./rollout-table.tsx";

export async function loader({ request, params, context }: LoaderFunctionArgs) {
  const { api, requestId } = context;
  return await pageAnswer(request, requestId, api.flags.rollout({ key: flagKeyOf(params) }));
}

export default function Rollout() {
  const { instances, changedAt } = useLoaderData<typeof loader>();
  const { there, refused, behind, total } = rolloutCounts(instances);
  const words = `${there.toLocaleString("en")} of ${total.toLocaleString("en")}`;
  return (
    <Section
      title="Which instances have it as it is now?"
      aside={
        <Text size="sm" c="dimmed">
          Last changed <RelativeTime at={changedAt} />
        </Text>
      }
    >
      <Stack gap="md">
        {total > 0 ? (
          <div>
            <Group justify="space-between" gap="xs" mb={6}>
              <Text size="sm" fw={600}>
                {words} {total === 1 ? "instance has" : "instances have"} it
              </Text>
              <Text size="sm" c="dimmed">
                {[
                  behind > 0 ? `${behind.toLocaleString("en")} behind` : "",
                  refused > 0 ? `${refused.toLocaleString("en")} refused it` : "",
                ]
                  .filter((part) => part !== "")
                  .join(", ")}
              </Text>
            </Group>
            <Progress.Root size={10}>
              <Progress.Section
                value={(100 * there) / total}
                color="green.8"
                aria-label="Instances that have it"
                aria-valuetext={words}
              />
              {refused > 0 ? (
                <Progress.Section
                  value={(100 * refused) / total}
                  color="red.8"
                  aria-label="Instances that refused it"
                  aria-valuetext={`${refused} of ${total}`}
                />
              ) : null}
            </Progress.Root>
          </div>
        ) : null}
        <RolloutTable instances={instances} />
        <Text size="xs" c="dimmed">
          A host says what it has once that is stored there. Cloud itself has every change at once.
        </Text>
      </Stack>
    </Section>
  );
}
