import type { Condition } from "@kombify/flags/rules";
import { type FormProblem, fieldError } from "@kombify/portal/form-problem";
import { FormErrorSummary } from "@kombify/ui";
import { Anchor, Button, Group, Paper, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { Form } from "@remix-run/react";
import { ConditionEditor } from "../../flags/condition-editor.tsx";
import type { ReadCondition } from "../../flags/read-condition.ts";
import { SubmitButton } from "../../forms/submit-button.tsx";
import { PortalLink } from "../../frame/portal-link.tsx";

type SegmentFormProps = {
  /** Null: a new one. */
  segment: { key: string; description: string; version: number } | null;
  value: Condition | null;
  /** In place of lines. */
  json: string | undefined;
  /** Address of the other way to edit it, where there is one. */
  otherWay: { href: string; text: string } | null;
  segments: string[];
  answer: { values: Record<string, string>; typed: ReadCondition["typed"]; problem: FormProblem } | undefined;
};

const LABELS = { key: "Key", description: "Description", note: "Note" };
const labelsOf = (problem: FormProblem | undefined): Record<string, string> => ({
  ...Object.fromEntries((problem?.fields ?? []).map(({ path }) => [path, "Who belongs to it"])),
  ...LABELS,
});

/** The fields of a segment. */
export function SegmentForm({ segment, value, json, otherWay, segments, answer }: SegmentFormProps) {
  const problem = answer?.problem;
  const values = answer?.values;
  return (
    <Paper withBorder p="lg" maw={860}>
      <Form method="post" noValidate>
        {/* What was refused was made from the version that it says, also if there is another one by now. */}
        {segment ? <input type="hidden" name="version" value={values?.version ?? segment.version} /> : null}
        <Stack gap="md">
          <FormErrorSummary
            message={problem?.message}
            fields={problem?.fields}
            labels={labelsOf(problem)}
            requestId={problem && problem.fields.length === 0 ? problem.requestId : undefined}
          />
          {segment ? null : (
            <TextInput
              id="key"
              name="key"
              label="Key"
              description="What flags refer to it by, such as beta-testers. It cannot be changed later."
              defaultValue={values?.key}
              error={fieldError(problem, "key")}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
            />
          )}
          <Textarea
            id="description"
            name="description"
            label="Description (optional)"
            defaultValue={values?.description ?? segment?.description}
            error={fieldError(problem, "description")}
            autosize
            minRows={1}
            maxRows={6}
          />
          <Stack gap={6}>
            <Group justify="space-between">
              <Text size="sm" fw={500}>
                Who belongs to it
              </Text>
              {otherWay ? (
                <Anchor component={PortalLink} href={otherWay.href} size="sm">
                  {otherWay.text}
                </Anchor>
              ) : null}
            </Group>
            <ConditionEditor
              prefix="when"
              value={value}
              json={json}
              typed={answer?.typed}
              errors={problem?.fields ?? []}
              segments={segments}
            />
          </Stack>
          <Textarea
            id="note"
            name="note"
            label="Note (optional)"
            description="Stands in its history, beside your name."
            defaultValue={values?.note}
            error={fieldError(problem, "note")}
            autosize
            minRows={1}
            maxRows={6}
          />
          <Group>
            <SubmitButton intent="save">{segment ? "Save the segment" : "Make the segment"}</SubmitButton>
            <Button component={PortalLink} href="/flags/segments" variant="default">
              Back to the list
            </Button>
          </Group>
        </Stack>
      </Form>
    </Paper>
  );
}
