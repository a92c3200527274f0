import type { InstanceDetailView } from "@kombify/api/schemas";
import { ConfirmDanger } from "@kombify/ui";
import { Button, Group, List, Paper, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMounted } from "@mantine/hooks";
import { Form, useNavigate, useNavigation, useSearchParams, useSubmit } from "@remix-run/react";
import { SubmitButton } from "../../forms/submit-button.tsx";
import { PortalLink } from "../../frame/portal-link.tsx";
import type { Danger } from "./dangers.ts";

type ConfirmStepProps = { instance: InstanceDetailView; dangers: readonly Danger[] };

/** The question before a dangerous thing; `?confirm=` opens it, so that Back closes it and it works without script. */
export function ConfirmStep({ instance, dangers }: ConfirmStepProps) {
  const asked = useSearchParams()[0].get("confirm");
  const danger = dangers.find(({ intent, refusal }) => intent === asked && refusal === null);
  const isMounted = useMounted();
  const navigate = useNavigate();
  const submit = useSubmit();
  const { state, formMethod } = useNavigation();
  const href = `/instances/${instance.id}`;
  if (danger && !isMounted) return <PlainQuestion danger={danger} href={href} name={instance.name} />;
  return dangers.map((each) => (
    <ConfirmDanger
      key={each.intent}
      isOpen={each === danger}
      onClose={() => navigate(href, { replace: true, preventScrollReset: true })}
      title={each.question}
      effects={each.effects}
      undo={each.undo}
      name={instance.name}
      action={each.action}
      isPending={state !== "idle" && formMethod === "POST"}
      onConfirm={() =>
        submit({ intent: each.intent, typedName: instance.name }, { method: "post", action: href, replace: true })
      }
    />
  ));
}

/** The same question as a form of the page, for browsers that run no script. */
function PlainQuestion({ danger, href, name }: { danger: Danger; href: string; name: string }) {
  return (
    <Paper withBorder p="md" mt="md" id="confirm">
      <Form method="post" action={href}>
        <Stack gap="sm">
          <Title order={3}>{danger.question}</Title>
          <List size="sm">
            {danger.effects.map((effect) => (
              <List.Item key={effect}>{effect}</List.Item>
            ))}
          </List>
          <Text size="sm" c="dimmed">
            {danger.undo}
          </Text>
          <TextInput name="typedName" label={`Type ${name} to confirm`} autoComplete="off" />
          <Group>
            <SubmitButton intent={danger.intent} color="red">
              {danger.action}
            </SubmitButton>
            <Button component={PortalLink} href={href} variant="default">
              Keep it as it is
            </Button>
          </Group>
        </Stack>
      </Form>
    </Paper>
  );
}
