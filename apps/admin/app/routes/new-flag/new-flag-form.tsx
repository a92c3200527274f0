import { type FormProblem, fieldError } from "@kombify/portal/form-problem";
import { FormErrorSummary } from "@kombify/ui";
import { Button, Checkbox, Group, NativeSelect, Paper, Radio, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useMounted } from "@mantine/hooks";
import { Form } from "@remix-run/react";
import { useState } from "react";
import { KIND_NAMES } from "../../flags/flag-words.ts";
import { VariantEditor } from "../../flags/variant-editor.tsx";
import { presetOf, type VariantForm } from "../../flags/variant-form.ts";
import { SubmitButton } from "../../forms/submit-button.tsx";
import { PortalLink } from "../../frame/portal-link.tsx";

type NewFlagFormProps = {
  suggested: { owner: string; expiresAt: string };
  /** What was sent before; shown in place of what is suggested. */
  values: Record<string, string> | undefined;
  variants: VariantForm | undefined;
  problem: FormProblem | undefined;
};

const LABELS: Record<string, string> = {
  key: "Key",
  description: "Description",
  owner: "Owner",
  kind: "Kind",
  lifetime: "Lifetime",
  expiresAt: "Ends",
  note: "Note",
};
const labelsOf = (problem: FormProblem | undefined): Record<string, string> => ({
  ...LABELS,
  ...Object.fromEntries((problem?.fields ?? []).flatMap(({ path }) => (LABELS[path] ? [] : [[path, "Variants"]]))),
});

/** All that a flag needs before it has rules. */
export function NewFlagForm({ suggested, values, variants: sent, problem }: NewFlagFormProps) {
  const [variants, setVariants] = useState(sent ?? presetOf("boolean"));
  const [lifetime, setLifetime] = useState(values?.lifetime ?? "temporary");
  const isMounted = useMounted();
  const errorOf = (path: string) => fieldError(problem, path);
  const plain = { autoComplete: "off", spellCheck: false };
  return (
    <Paper withBorder p="lg" maw={760}>
      <Form method="post" noValidate>
        {/* What Enter in a field means: the form's first button, and not the one that adds a variant. */}
        <button type="submit" name="intent" value="save" hidden />
        <Stack gap="md">
          <FormErrorSummary message={problem?.message} fields={problem?.fields} labels={labelsOf(problem)} />
          <TextInput
            id="key"
            name="key"
            label="Key"
            description="What code asks for, such as new-dashboard. It cannot be changed later."
            defaultValue={values?.key}
            error={errorOf("key")}
            autoCapitalize="none"
            {...plain}
          />
          <Textarea
            id="description"
            name="description"
            label="Description (optional)"
            description="What is different where it is on."
            defaultValue={values?.description}
            error={errorOf("description")}
            autosize
            minRows={2}
            maxRows={6}
          />
          <TextInput
            id="owner"
            name="owner"
            label="Owner"
            description="Who answers for it: a team or an address."
            defaultValue={values?.owner ?? suggested.owner}
            error={errorOf("owner")}
            {...plain}
          />
          <NativeSelect
            id="kind"
            name="kind"
            label="Kind"
            defaultValue={values?.kind ?? "release"}
            data={Object.entries(KIND_NAMES).map(([value, label]) => ({ value, label }))}
            error={errorOf("kind")}
            w={240}
          />
          <Radio.Group
            name="lifetime"
            label="Lifetime"
            value={lifetime}
            onChange={setLifetime}
            error={errorOf("lifetime")}
          >
            <Stack gap={6} mt={6}>
              <Radio id="lifetime" value="temporary" label="Temporary: it goes out of the code again" />
              <Radio value="permanent" label="Permanent: a switch for operations, or what a plan includes" />
            </Stack>
          </Radio.Group>
          {isMounted && lifetime === "permanent" ? null : (
            <TextInput
              id="expiresAt"
              name="expiresAt"
              type="date"
              label="Ends"
              description="After this day the list shows it as expired. It goes on working."
              defaultValue={values?.expiresAt ?? suggested.expiresAt}
              error={errorOf("expiresAt")}
              styles={{ wrapper: { maxWidth: 240 } }}
            />
          )}
          <VariantEditor form={variants} onChange={setVariants} errors={problem?.fields ?? []} />
          <Checkbox
            id="isSensitive"
            name="isSensitive"
            label="Sensitive: each change needs a second person"
            description="Killing it never does."
            defaultChecked={values?.isSensitive !== undefined}
          />
          <Textarea
            id="note"
            name="note"
            label="Note (optional)"
            description="Stands in its history, beside your name."
            defaultValue={values?.note}
            error={errorOf("note")}
            autosize
            minRows={1}
            maxRows={6}
          />
          <Group>
            <SubmitButton intent="save">Make the flag</SubmitButton>
            <Button component={PortalLink} href="/flags" variant="default">
              Back to the list
            </Button>
          </Group>
          <Text size="sm" c="dimmed">
            Homelabs get it within a minute. Until code asks for it, nothing is different.
          </Text>
        </Stack>
      </Form>
    </Paper>
  );
}
