import type { FlagView } from "@kombify/api/schemas";
import { type FormProblem, fieldError } from "@kombify/portal/form-problem";
import { Checkbox, Group, NativeSelect, Stack, Textarea, TextInput } from "@mantine/core";
import { Form } from "@remix-run/react";
import { useState } from "react";
import { KIND_NAMES } from "../../../flags/flag-words.ts";
import { SubmitButton } from "../../../forms/submit-button.tsx";
import { Section } from "../../../frame/section.tsx";
import { JsonField } from "../json-field.tsx";
import classes from "../rules/rules.module.css";

type SettingsFieldsProps = {
  flag: FlagView;
  values: Record<string, string>;
  problem: FormProblem | undefined;
  address: string;
};

/** Who answers for the flag, what it is for, how long it is meant to live. */
export function SettingsFields({ flag, values, problem, address }: SettingsFieldsProps) {
  // The version that is shown, however the flag changes while somebody types.
  const [version] = useState(values.version || String(flag.version));
  const field = (name: string) => ({
    id: name,
    name,
    defaultValue: values[name] ?? "",
    error: fieldError(problem, name),
  });
  return (
    <Section title="About the flag">
      <Form method="post" action={address} noValidate>
        <input type="hidden" name="version" value={version} />
        <Stack gap="sm">
          <Textarea {...field("description")} label="Description" maxLength={1000} autosize minRows={2} maw={640} />
          <div className={classes.halves}>
            <TextInput
              {...field("owner")}
              label="Owner"
              description="Who answers for it: a team, an address."
              autoComplete="off"
            />
            <NativeSelect
              {...field("kind")}
              label="Kind"
              description="What it is for."
              data={Object.entries(KIND_NAMES).map(([value, label]) => ({ value, label }))}
            />
            <NativeSelect
              {...field("lifetime")}
              label="Lifetime"
              description="A temporary one is taken out of the code again."
              data={[
                { value: "temporary", label: "Temporary" },
                { value: "permanent", label: "Permanent" },
              ]}
            />
            <TextInput
              {...field("expiresAt")}
              type="date"
              label="Expires on (optional)"
              description="Then it is listed as expired."
            />
          </div>
          <Checkbox
            id="isSensitive"
            name="isSensitive"
            label="Sensitive"
            description="Every change but the kill switch waits for a second person. Taking this mark off does too."
            defaultChecked={values.isSensitive === "on"}
          />
          <JsonField
            text={values.metadata ?? ""}
            {...field("metadata")}
            label="Metadata"
            description="JSON that goes with every evaluation: texts, numbers, true and false."
            placeholder={'{"ticket": "KB-12"}'}
            minRows={2}
            maw={640}
          />
          <Group>
            <SubmitButton intent="review">Review the changes</SubmitButton>
          </Group>
        </Stack>
      </Form>
    </Section>
  );
}
