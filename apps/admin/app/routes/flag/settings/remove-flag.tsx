import type { FlagView } from "@kombify/api/schemas";
import { type FormProblem, fieldError } from "@kombify/portal/form-problem";
import { Group, List, Stack, Text, TextInput } from "@mantine/core";
import { Form } from "@remix-run/react";
import { FlagLinks } from "../../../flags/flag-links.tsx";
import { counted } from "../../../flags/flag-words.ts";
import { SubmitButton } from "../../../forms/submit-button.tsx";
import { Section } from "../../../frame/section.tsx";

type RemoveFlagProps = { flag: FlagView; problem: FormProblem | undefined; address: string };

/** The end of a flag: what it means, and its key to be typed. */
export function RemoveFlag({ flag, problem, address }: RemoveFlagProps) {
  const { key, neededBy, evaluations, overrides, isSensitive } = flag;
  if (neededBy.length > 0)
    return (
      <Section title="Remove the flag">
        <Text size="sm" mb={4}>
          It cannot be removed while other flags have it as a prerequisite. Change these first:
        </Text>
        <FlagLinks keys={neededBy} none="" />
      </Section>
    );
  return (
    <Section title="Remove the flag">
      <Form method="post" action={address} noValidate>
        <Stack gap="sm">
          <List size="sm">
            <List.Item>
              {evaluations > 0
                ? `It was asked for ${counted(evaluations, "time", "times")} in the last 24 hours: that code gets its own default from then on.`
                : "Nobody has asked for it in the last 24 hours. Code that still does gets its own default."}
            </List.Item>
            {overrides > 0 ? (
              <List.Item>{counted(overrides, "override goes", "overrides go")} with it.</List.Item>
            ) : null}
            <List.Item>Its history stays; the flag can be made again under the same key.</List.Item>
            {isSensitive ? <List.Item>The flag is sensitive: a second person has to approve it.</List.Item> : null}
          </List>
          <TextInput
            id="typedKey"
            name="typedKey"
            label={`Type ${key} to confirm`}
            error={fieldError(problem, "typedKey")}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            maw={420}
          />
          <TextInput
            id="remove-note"
            name="note"
            label="Note (optional)"
            maxLength={1000}
            autoComplete="off"
            maw={420}
          />
          <Group>
            <SubmitButton intent="remove" color="red" variant="light">
              Remove the flag
            </SubmitButton>
          </Group>
        </Stack>
      </Form>
    </Section>
  );
}
