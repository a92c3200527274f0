import { pageAnswer } from "@kombify/portal/service-error";
import { ColorSchemeSwitch, PageHeader } from "@kombify/ui";
import { Group, Paper, Text, Title } from "@mantine/core";
import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";

export const meta: MetaFunction = () => [{ title: "Appearance · Settings · kombify" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  await pageAnswer(request, context.requestId, context.api.identity.me());
  return null;
}

export default function Appearance() {
  return (
    <>
      <PageHeader title="Appearance" />
      <Paper withBorder p="lg">
        <Group justify="space-between">
          <div>
            <Title order={2} size="h3">
              Colours
            </Title>
            <Text c="dimmed" size="sm">
              Light, dark, or as your device has it. Kept in this browser.
            </Text>
          </div>
          <ColorSchemeSwitch />
        </Group>
      </Paper>
    </>
  );
}
