import { ATTRIBUTES, buildCondition, type Condition } from "@kombify/flags/rules";
import type { FormFieldError } from "@kombify/ui";
import { Group as Row, Stack, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import classes from "./condition-editor.module.css";
import { type ConditionForm, EMPTY_LINE, formOf, type Group, isGroup, type Line } from "./condition-form.ts";
import { AddButton, JoinField, LineGroup, replaced, SpareGroup, SpareLines } from "./condition-group.tsx";
import { ConditionLine, ConditionSuggestions } from "./condition-line.tsx";
import type { ReadCondition } from "./read-condition.ts";

type ConditionEditorProps = {
  /** Begins the name of each field, and their ids; `readCondition` takes the same. */
  prefix: string;
  /** Null: everybody. */
  value: Condition | null;
  /** JSONLogic, in place of lines: what is more than lines can say, or because somebody prefers it. */
  json?: string | undefined;
  /** What a refused form sent; it is shown in place of the value. */
  typed?: ReadCondition["typed"] | undefined;
  /** Those of other fields are passed over. */
  errors?: readonly FormFieldError[];
  attributes?: readonly string[];
  /** Keys of segments that can be chosen. */
  segments?: readonly string[];
};

/** Fields for a condition, as lines or as JSON. Without script, empty lines stand ready and an emptied one is dropped. */
export function ConditionEditor(props: ConditionEditorProps) {
  const { prefix, value, typed, errors = [], attributes = ATTRIBUTES, segments = [] } = props;
  const [source, setSource] = useState({ typed, form: firstForm(value, typed) });
  // What comes back from the server is numbered without the lines that were empty.
  if (typed !== undefined && typed !== source.typed) setSource({ typed, form: firstForm(value, typed) });
  const { form } = source;
  const setForm = (next: ConditionForm) => setSource({ typed: source.typed, form: next });

  const json = typed?.json ?? props.json;
  if (json !== undefined || form === null) {
    const text = json ?? JSON.stringify(value === null ? {} : buildCondition(value), null, 2);
    return (
      <JsonField prefix={prefix} text={text} error={errors.find(({ path }) => path === `${prefix}.json`)?.message} />
    );
  }
  const { join, parts } = form;
  const setPart = (at: number, part: Line | Group | null) => setForm({ join, parts: replaced(parts, at, part) });
  const shared = { prefix, segments, errors };
  let lineAt = 0;
  return (
    <fieldset className={classes.lines} aria-label="Condition">
      <ConditionSuggestions prefix={prefix} attributes={attributes} />
      <JoinField
        name={`${prefix}.join`}
        label="How the conditions stand together"
        join={join}
        onChange={(next) => setForm({ join: next, parts })}
      />
      {parts.map((part, at) => {
        const firstAt = lineAt;
        lineAt += isGroup(part) ? part.lines.length : 1;
        return isGroup(part) ? (
          <LineGroup
            key={at}
            {...shared}
            name={`g${at}`}
            firstAt={firstAt}
            group={part}
            onChange={(next) => setPart(at, next)}
          />
        ) : (
          <ConditionLine
            key={at}
            {...shared}
            group=""
            at={firstAt}
            line={part}
            onChange={(next) => setPart(at, next)}
            onRemove={() => setPart(at, null)}
          />
        );
      })}
      <noscript>
        <SpareLines {...shared} group="" />
        <SpareGroup {...shared} />
      </noscript>
      <Row gap="xs">
        <AddButton onClick={() => setForm({ join, parts: [...parts, EMPTY_LINE] })}>Add a condition</AddButton>
        <AddButton
          onClick={() => setForm({ join, parts: [...parts, { join: "any", lines: [EMPTY_LINE, EMPTY_LINE] }] })}
        >
          Add a group
        </AddButton>
      </Row>
    </fieldset>
  );
}

function firstForm(value: Condition | null, typed: ReadCondition["typed"] | undefined): ConditionForm | null {
  const form = typed?.form ?? formOf(value);
  return form && form.parts.length === 0 ? { ...form, parts: [EMPTY_LINE] } : form;
}

function JsonField({ prefix, text, error }: { prefix: string; text: string; error: string | undefined }) {
  return (
    <Stack gap={4}>
      <Textarea
        id={`${prefix}.json`}
        name={`${prefix}.json`}
        label="Condition as JSON"
        description="JSONLogic with flagd's own operations."
        defaultValue={text}
        error={error}
        autosize
        minRows={6}
        maxRows={20}
        styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
        spellCheck={false}
      />
      <Text size="xs" c="dimmed">
        {'Attributes are read with {"var": "plan"}, segments with {"$ref": "beta-testers"}.'}
      </Text>
    </Stack>
  );
}
