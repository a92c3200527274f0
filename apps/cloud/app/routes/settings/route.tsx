import { pageAnswer } from "@kombify/portal/service-error";
import { ColorSchemeSwitch, PageHeader } from "@kombify/ui";
import { Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, useLoaderData } from "@remix-run/react";
import { PortalLink } from "../../frame/portal-link.tsx";

export const meta: MetaFunction = () => [{ title: "Settings · kombify" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const { user } = await pageAnswer(request, context.requestId, context.api.identity.me());
  return { user };
}

export default function Settings() {
  const { user } = useLoaderData<typeof loader>();
  return (
    <Stack maw={640} mx="auto" gap="md">
      <PageHeader title="Settings" />
      <Paper withBorder p="lg">
        <Title order={2} mb="md">
          Profile
        </Title>
        <Stack gap="sm">
          <Fact label="Name" value={user.name} />
          <Fact label="E-mail" value={user.email} />
        </Stack>
      </Paper>
      <Paper withBorder p="lg">
        <Group justify="space-between">
          <div>
            <Title order={2}>Connected accounts</Title>
            <Text c="dimmed" size="sm">
              Identity providers that you can sign in with.
            </Text>
          </div>
          <Button component={PortalLink} href="/settings/connections" variant="default">
            Connected accounts
          </Button>
        </Group>
      </Paper>
      <Paper withBorder p="lg">
        <Group justify="space-between">
          <div>
            <Title order={2}>Appearance</Title>
            <Text c="dimmed" size="sm">
              Kept in this browser.
            </Text>
          </div>
          <ColorSchemeSwitch />
        </Group>
      </Paper>
      <Paper withBorder p="lg">
        <Group justify="space-between">
          <div>
            <Title order={2}>This session</Title>
            <Text c="dimmed" size="sm">
              Signing out here leaves your other browsers signed in.
            </Text>
          </div>
          <Form method="post" action="/logout">
            <Button type="submit" variant="default">
              Sign out
            </Button>
          </Form>
        </Group>
      </Paper>
    </Stack>
  );
}

function Fact({ label, value }: { label: string; value: string }) {
  return (
    <div>
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text style={{ overflowWrap: "anywhere" }}>{value}</Text>
    </div>
  );
}
