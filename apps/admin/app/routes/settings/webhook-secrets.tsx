import { WEBHOOK_PROVIDER_NAMES, WEBHOOK_PROVIDERS, type WebhookSecretView } from "@kombify/api/schemas";
import { type FormProblem, fieldError } from "@kombify/portal/form-problem";
import { RelativeTime } from "@kombify/ui";
import { Group, List, PasswordInput, Stack, Text } from "@mantine/core";
import { Form } from "@remix-run/react";
import { SubmitButton } from "../../forms/submit-button.tsx";
import { Section } from "../../frame/section.tsx";
import { useMayOperate } from "../../frame/staff.ts";

type WebhookSecretsProps = { secrets: WebhookSecretView[]; problem: FormProblem | undefined; hasDone: boolean };

/** Which secrets of events are in use, and where the next one is entered. The secrets themselves are never shown. */
export function WebhookSecrets({ secrets, problem, hasDone }: WebhookSecretsProps) {
  const mayOperate = useMayOperate();
  return WEBHOOK_PROVIDERS.map((provider) => {
    const name = WEBHOOK_PROVIDER_NAMES[provider];
    const own = secrets.filter((secret) => secret.provider === provider);
    return (
      <Section key={provider} title={`Events of ${name}`}>
        <Stack gap="sm">
          {own.length === 0 ? (
            <Text size="sm">
              No secret is entered yet, so no event of {name} is taken. Make a target there that posts to /api/webhooks/
              {provider} of Cloud, and enter the signing key that it shows.
            </Text>
          ) : (
            <List size="sm">
              {own.map(({ id, createdAt, seenAt }) => (
                <List.Item key={id}>
                  Entered <RelativeTime at={createdAt} />,{" "}
                  {seenAt ? (
                    <>
                      in use since <RelativeTime at={seenAt} />
                    </>
                  ) : (
                    "no event has come signed with it yet"
                  )}
                </List.Item>
              ))}
            </List>
          )}
          {mayOperate ? (
            <Form method="post" replace preventScrollReset autoComplete="off">
              <input type="hidden" name="provider" value={provider} />
              <Group gap="sm" align="flex-end">
                <PasswordInput
                  // Emptied once it was taken.
                  key={hasDone ? "taken" : "open"}
                  id="secret"
                  name="secret"
                  label={own.length === 0 ? "Signing key" : "Next signing key"}
                  description={`${name} shows it once, when it makes it.`}
                  error={fieldError(problem, "secret")}
                  autoComplete="off"
                  w={360}
                  maw="100%"
                />
                <SubmitButton intent="secret">Enter it</SubmitButton>
              </Group>
            </Form>
          ) : null}
        </Stack>
      </Section>
    );
  });
}
