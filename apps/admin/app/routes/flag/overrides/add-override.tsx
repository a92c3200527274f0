import type { FlagView } from "@kombify/api/schemas";
import { type FormProblem, fieldError } from "@kombify/portal/form-problem";
import { Group, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { Form } from "@remix-run/react";
import { SubmitButton } from "../../../forms/submit-button.tsx";
import { Section } from "../../../frame/section.tsx";

/** The form that gives one homelab a variant. */
export function AddOverride({ flag, problem }: { flag: FlagView; problem: FormProblem | undefined }) {
  const typed = problem?.values ?? {};
  return (
    <Section title="Give one homelab a variant">
      <Form method="post" action={`/flags/${flag.key}/overrides`} replace preventScrollReset noValidate>
        <Stack gap="sm">
          {flag.isSensitive ? (
            <Text size="sm" c="dimmed">
              The flag is sensitive: a second person has to approve it.
            </Text>
          ) : null}
          <Group gap="sm" align="flex-start">
            <TextInput
              id="tenant"
              name="tenant"
              label="Homelab"
              description="Its address or its id"
              placeholder="adaslab"
              defaultValue={typed.tenant ?? ""}
              error={fieldError(problem, "tenant")}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
            />
            <NativeSelect
              id="variant"
              name="variant"
              label="Variant"
              description="What it gets"
              defaultValue={typed.variant ?? Object.keys(flag.definition.variants)[0] ?? ""}
              data={Object.keys(flag.definition.variants)}
              error={fieldError(problem, "variant")}
            />
            <TextInput
              id="reason"
              name="reason"
              label="Why"
              description="For those who meet it later"
              defaultValue={typed.reason ?? ""}
              error={fieldError(problem, "reason")}
              maxLength={500}
              autoComplete="off"
              style={{ flex: "1 1 220px" }}
            />
          </Group>
          <Group>
            <SubmitButton intent="save">Add the override</SubmitButton>
          </Group>
        </Stack>
      </Form>
    </Section>
  );
}
