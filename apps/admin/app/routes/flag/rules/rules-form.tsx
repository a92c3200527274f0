import type { FlagView } from "@kombify/api/schemas";
import { Button, Group, NativeSelect, Paper, Stack, Text } from "@mantine/core";
import { Form, useSubmit } from "@remix-run/react";
import { type MouseEvent, useState } from "react";
import { SubmitButton } from "../../../forms/submit-button.tsx";
import { Section } from "../../../frame/section.tsx";
import { JsonField } from "../json-field.tsx";
import type { Draft } from "./draft.ts";
import { editDraft } from "./edit-draft.ts";
import { OutcomeFields } from "./outcome-fields.tsx";
import { PrerequisiteFields } from "./prerequisite-fields.tsx";
import type { Problem } from "./read-draft.ts";
import { RuleFields } from "./rule-fields.tsx";
import { VariantFields } from "./variant-fields.tsx";

type RulesFormProps = {
  flag: FlagView;
  /** Where it begins. */
  draft: Draft;
  problems: readonly Problem[];
  segments: readonly string[];
  /** Keys that can be prerequisites. */
  flagKeys: readonly string[];
  /** Something was changed that is not saved. */
  onTouch: () => void;
};

/** What parts of the form get: the draft, how to change it, and what is wrong. */
export type PartProps = {
  draft: Draft;
  set: (draft: Draft) => void;
  /** For buttons that change the form: at once where scripts run, else by sending it. */
  edit: (intent: string) => { name: string; value: string; onClick: (event: MouseEvent) => void };
  errorOf: (path: string) => string | undefined;
};

/** The editor of a flag's values and rules. */
export function RulesForm({ flag, draft: first, problems, segments, flagKeys, onTouch }: RulesFormProps) {
  const [draft, keep] = useState(first);
  const set = (next: Draft) => {
    keep(next);
    onTouch();
  };
  const part: PartProps = {
    draft,
    set,
    edit: (intent) => ({
      name: "intent",
      value: intent,
      onClick: (event) => {
        event.preventDefault();
        set(editDraft(draft, intent));
      },
    }),
    errorOf: (path) => problems.find((problem) => problem.path === path)?.message,
  };
  const address = `/flags/${flag.key}?index`;
  return (
    <Form method="post" action={address} noValidate onChange={onTouch}>
      {/* Enter in a field presses the first button of a form: the one that changes nothing. */}
      <button type="submit" name="intent" value="review" hidden aria-hidden tabIndex={-1} />
      <input type="hidden" name="version" value={draft.version} />
      <input type="hidden" name="type" value={draft.type} />
      <Stack gap="md">
        <Targeting {...part} segments={segments} problems={problems} />
        <VariantFields {...part} />
        <PrerequisiteFields {...part} flagKeys={flagKeys.filter((key) => key !== flag.key)} />
        <Paper withBorder p="md">
          <Group justify="space-between" gap="sm">
            <NativeSelect
              name="state"
              label="State"
              description="Disabled: nobody gets a value, and the code that asks uses its own default."
              value={draft.isEnabled ? "ENABLED" : "DISABLED"}
              onChange={(event) => set({ ...draft, isEnabled: event.currentTarget.value === "ENABLED" })}
              data={[
                { value: "ENABLED", label: "Enabled" },
                { value: "DISABLED", label: "Disabled" },
              ]}
            />
            <Group gap="sm">
              <TryButton flagKey={flag.key} />
              <SubmitButton intent="review">Review the changes</SubmitButton>
            </Group>
          </Group>
        </Paper>
      </Stack>
    </Form>
  );
}

/** Takes what stands in the form to the playground, without saving it. */
function TryButton({ flagKey }: { flagKey: string }) {
  const submit = useSubmit();
  return (
    <Button
      type="submit"
      name="intent"
      value="try"
      variant="default"
      formAction={`/flags/${flagKey}/playground`}
      onClick={(event) => {
        event.preventDefault();
        const form = event.currentTarget.form;
        if (form) submit(withIntent(form, "try"), { method: "post", action: `/flags/${flagKey}/playground` });
      }}
    >
      Try this in the playground
    </Button>
  );
}

function withIntent(form: HTMLFormElement, intent: string): FormData {
  const sent = new FormData(form);
  sent.set("intent", intent);
  return sent;
}

type TargetingProps = PartProps & { segments: readonly string[]; problems: readonly Problem[] };

function Targeting({ segments, problems, ...part }: TargetingProps) {
  const { draft, set, edit, errorOf } = part;
  if (draft.mode === "json")
    return (
      <Section
        title="Targeting as JSON"
        aside={
          <SubmitButton intent="as-rules" variant="subtle" size="compact-sm">
            Edit as rules
          </SubmitButton>
        }
      >
        <input type="hidden" name="mode" value="json" />
        <Stack gap="sm">
          <Text size="sm" c="dimmed">
            JSONLogic with flagd's own operations. What comes out of it is the name of a variant; nothing gives the
            default variant.
          </Text>
          <JsonField
            text={draft.targeting}
            id="targeting"
            name="targeting"
            aria-label="Targeting as JSON"
            value={draft.targeting}
            onChange={(event) => set({ ...draft, targeting: event.currentTarget.value })}
            error={errorOf("targeting")}
            minRows={10}
          />
        </Stack>
      </Section>
    );
  const [first] = draft.rules;
  return (
    <Section
      title="Rules"
      aside={
        <SubmitButton intent="as-json" variant="subtle" size="compact-sm">
          Edit as JSON
        </SubmitButton>
      }
    >
      <input type="hidden" name="mode" value="rules" />
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {first ? "The first rule whose condition holds decides." : "No rule: everybody gets what stands below."}
        </Text>
        {draft.rules.map((rule, at) => (
          <RuleFields
            key={rule.id}
            {...part}
            rule={rule}
            at={at}
            count={draft.rules.length}
            segments={segments}
            problems={problems}
          />
        ))}
        <Group>
          <Button type="submit" variant="light" {...edit("add-rule")}>
            Add a rule
          </Button>
        </Group>
        <Paper withBorder p="md" component="fieldset" m={0}>
          <OutcomeFields
            {...part}
            name="otherwise"
            label={first ? "Otherwise give" : "Give everybody"}
            give={draft.otherwise}
            onChange={(otherwise) => set({ ...draft, otherwise })}
            mayBeDefault
          />
        </Paper>
        <noscript>
          <Button type="submit" name="intent" value="update" variant="default">
            Show the fields of what I have chosen
          </Button>
        </noscript>
      </Stack>
    </Section>
  );
}
