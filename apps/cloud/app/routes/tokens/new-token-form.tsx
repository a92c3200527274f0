import { TOKEN_SCOPES } from "@kombify/api/schemas";
import { type FormProblem, fieldError } from "@kombify/portal/form-problem";
import { FormErrorSummary } from "@kombify/ui";
import { Checkbox, NativeSelect, Stack, TextInput } from "@mantine/core";
import { Form } from "@remix-run/react";
import { SubmitButton } from "../../forms/submit-button.tsx";
import { LIFETIMES, SCOPE_WORDS } from "./words.ts";

/** Makes a token: what for, what it may do, and for how long. */
export function NewTokenForm({ problem }: { problem: FormProblem | undefined }) {
  const chosen = problem?.values.scopes?.split(" ") ?? ["portal:read"];
  return (
    <Form method="post" action="/settings/tokens" noValidate>
      <input type="hidden" name="intent" value="create" />
      <Stack gap="md">
        <FormErrorSummary
          message={problem?.message}
          fields={problem?.fields}
          labels={{ name: "Name", scopes: "What it may do", expiresAt: "How long it is good for" }}
        />
        <TextInput
          id="name"
          name="name"
          label="Name"
          description="What it is for, so that you recognise it later: Backup script, Home Assistant."
          autoComplete="off"
          maxLength={60}
          defaultValue={problem?.values.name}
          error={fieldError(problem, "name")}
          aria-invalid={fieldError(problem, "name") !== undefined}
        />
        <div id="scopes" tabIndex={-1}>
          <Checkbox.Group
            label="What it may do"
            description="Choose as little as it needs."
            error={fieldError(problem, "scopes")}
            defaultValue={chosen}
          >
            <Stack gap="sm" mt="xs" mb={4}>
              {TOKEN_SCOPES.map((scope) => (
                <Checkbox
                  key={scope}
                  name="scopes"
                  value={scope}
                  label={SCOPE_WORDS[scope].label}
                  description={SCOPE_WORDS[scope].description}
                />
              ))}
            </Stack>
          </Checkbox.Group>
        </div>
        <NativeSelect
          id="expiresAt"
          name="expiresAt"
          label="How long it is good for"
          data={LIFETIMES}
          defaultValue={problem?.values.expiresAt ?? "90"}
          error={fieldError(problem, "expiresAt")}
          maw={220}
        />
        <SubmitButton fullWidth={false} style={{ alignSelf: "flex-start" }}>
          Make the token
        </SubmitButton>
      </Stack>
    </Form>
  );
}
