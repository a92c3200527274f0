/** The second step of signing in, as both portals show it. */
import { FormErrorSummary } from "@kombify/ui";
import { Alert, Stack, TextInput } from "@mantine/core";
import { Form } from "@remix-run/react";
import { type FormProblem, fieldError } from "../form-problem.ts";
import { IntentButton } from "../intent-button.tsx";

const withNext = (path: string, next: string) => `${path}${new URLSearchParams({ next })}`;

/** Where the code is asked for. @param next where to go to then. */
export const secondStepPath = (next: string): string => withNext("/login/code?", next);

/** Where the first step is taken once more, because the second took too long or failed too often. */
export const firstStepAgainPath = (next: string): string => withNext("/login?again&", next);

/** Says on the sign-in page why it is there again. */
export function BeginAgain() {
  return (
    <Alert color="yellow" variant="light" role="status" title="Please sign in again">
      The sign-in took too long, or had too many wrong codes.
    </Alert>
  );
}

export function SecondStepForm({ next, problem }: { next: string; problem: FormProblem | undefined }) {
  return (
    <Form method="post" noValidate>
      <Stack gap="md">
        <FormErrorSummary message={problem?.message} fields={problem?.fields} labels={{ code: "Code" }} />
        <input type="hidden" name="next" value={next} />
        <TextInput
          id="code"
          name="code"
          label="Code"
          description="Six digits from your authenticator app. Without your phone, use one of your recovery codes."
          autoComplete="one-time-code"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={40}
          autoFocus
          error={fieldError(problem, "code")}
        />
        <IntentButton intent="confirm" size="md" fullWidth mt="xs">
          Sign in
        </IntentButton>
      </Stack>
    </Form>
  );
}
