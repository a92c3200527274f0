import { type FormProblem, fieldError } from "@kombify/portal/form-problem";
import { IntentButton } from "@kombify/portal/intent-button";
import { FormErrorSummary } from "@kombify/ui";
import { Anchor, Group, Paper, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { Form, useSearchParams } from "@remix-run/react";
import { NewPasswordField } from "../../forms/password-field.tsx";
import { MIN_PASSWORD_LENGTH } from "../../forms/password-strength.ts";
import { PortalLink } from "../../frame/portal-link.tsx";

const LABELS = { current: "Password now", next: "New password" };

/** Changes the password, or sets one for somebody who came from a provider. */
export function PasswordSection({ hasPassword, problem }: { hasPassword: boolean; problem: FormProblem | undefined }) {
  // A form that did its work is a new one, without what was typed.
  const [search] = useSearchParams();
  return (
    <Paper withBorder p="lg">
      <Form method="post" noValidate key={`${search}`}>
        <Stack gap="md">
          <div>
            <Title order={2} size="h3">
              Password
            </Title>
            <Text c="dimmed" size="sm">
              {hasPassword
                ? "Changing it signs you out everywhere else. "
                : "You sign in through your identity provider. A password of your own is possible besides. "}
              {hasPassword ? (
                <>
                  Your{" "}
                  <Anchor component={PortalLink} href="/settings/tokens" inherit underline="always">
                    access tokens
                  </Anchor>{" "}
                  go on working: look through them if somebody may have had your password.
                </>
              ) : null}
            </Text>
          </div>
          <FormErrorSummary message={problem?.message} fields={problem?.fields} labels={LABELS} />
          {hasPassword ? (
            <PasswordInput
              id="current"
              name="current"
              label={LABELS.current}
              autoComplete="current-password"
              error={fieldError(problem, "current")}
              aria-invalid={fieldError(problem, "current") !== undefined}
              visibilityToggleButtonProps={{ "aria-label": "Show or hide the password of now", tabIndex: 0 }}
            />
          ) : null}
          <NewPasswordField
            name="next"
            label={LABELS.next}
            minLength={MIN_PASSWORD_LENGTH}
            error={fieldError(problem, "next")}
          />
          <Group>
            <IntentButton intent="password">{hasPassword ? "Change password" : "Set a password"}</IntentButton>
          </Group>
        </Stack>
      </Form>
    </Paper>
  );
}
