import { Group, NativeSelect, Stack, TextInput } from "@mantine/core";
import { Form } from "@remix-run/react";
import { SubmitButton } from "../../../forms/submit-button.tsx";
import { Section } from "../../../frame/section.tsx";
import { PLAN_NAMES } from "../../../tenants/plan-names.ts";
import { JsonField } from "../json-field.tsx";
import type { Question } from "./ask.ts";

type QuestionFormProps = {
  flagKey: string;
  question: Question;
  /** A draft to try in place of the flag. */
  draft: { draft: string; version: number } | null;
  errors: readonly { path: string; message: string }[];
};

/** For whom the flag is tried. The address holds the question, so that it can be sent to a colleague; a draft's does not. */
export function QuestionForm({ flagKey, question, draft, errors }: QuestionFormProps) {
  const errorOf = (path: string) => errors.find((error) => error.path === path)?.message;
  return (
    <Section title="For whom?">
      <Form
        method={draft ? "post" : "get"}
        action={`/flags/${flagKey}/playground`}
        preventScrollReset
        aria-label="For whom to try it"
      >
        {draft ? (
          <>
            <input type="hidden" name="definition" value={draft.draft} />
            <input type="hidden" name="version" value={draft.version} />
          </>
        ) : null}
        <Stack gap="sm">
          <TextInput
            id="tenant"
            name="tenant"
            label="Homelab"
            description="Its address or its id. Left empty: nobody in particular."
            placeholder="adaslab"
            defaultValue={question.tenant}
            error={errorOf("tenant")}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
          />
          <NativeSelect
            id="plan"
            name="plan"
            label="On plan"
            defaultValue={question.plan}
            error={errorOf("plan")}
            data={[
              { value: "", label: "Its own" },
              ...Object.entries(PLAN_NAMES).map(([value, label]) => ({ value, label })),
            ]}
          />
          <TextInput
            id="person"
            name="person"
            label="Person"
            description="Id of somebody in it: userId and targetingKey."
            defaultValue={question.person}
            error={errorOf("context.userId")}
            autoComplete="off"
            spellCheck={false}
          />
          <JsonField
            text={question.context}
            id="context"
            name="context"
            label="More that is sent"
            description="JSON, as an application sends it along."
            placeholder={'{"version": "1.4.0"}'}
            defaultValue={question.context}
            error={errorOf("context")}
            minRows={2}
          />
          <Group>
            <SubmitButton>{draft ? "Try the draft" : "Try it"}</SubmitButton>
          </Group>
        </Stack>
      </Form>
    </Section>
  );
}
