import type { FormFieldError } from "@kombify/ui";
import { ActionIcon, NativeSelect, TextInput } from "@mantine/core";
import { useMounted } from "@mantine/hooks";
import { IconX } from "@tabler/icons-react";
import { PLAN_NAMES } from "../tenants/plan-names.ts";
import classes from "./condition-editor.module.css";
import { isLineWord, LINES, type Line, type LineWord, valueKindOf } from "./condition-form.ts";

const OPERATORS = (Object.keys(LINES) as LineWord[]).map((word) => ({ value: word, label: LINES[word].label }));
const VALUE_HINTS = { scalar: "pro", list: "pro, team", text: "", number: "5", segment: "beta-testers" };

type ConditionLineProps = {
  prefix: string;
  /** Of the group that it belongs to; empty for none. */
  group: string;
  /** Place among all lines of the editor; a word of its own for a line that stands ready where no script runs. */
  at: number | string;
  line: Line;
  segments: readonly string[];
  errors: readonly FormFieldError[];
  onChange: (line: Line) => void;
  /** Absent where a line cannot be removed but by emptying it. */
  onRemove?: () => void;
};

/** One comparison, or a segment. Each line sends all of its fields, so that they can be told apart by their order. */
export function ConditionLine({ prefix, group, at, line, segments, errors, onChange, onRemove }: ConditionLineProps) {
  const isMounted = useMounted();
  const id = `${prefix}.${at}`;
  const kind = valueKindOf(line.word);
  const errorOf = (field: string) => errors.find(({ path }) => path === `${id}.${field}`)?.message;
  const which = typeof at === "number" ? `condition ${at + 1}` : "a further condition";
  const named = (what: string) => `${what} of ${which}`;
  return (
    <div className={classes.line}>
      <input type="hidden" name={`${prefix}.group`} value={group} />
      {kind === "segment" ? (
        <input type="hidden" name={`${prefix}.attribute`} value="" />
      ) : (
        <TextInput
          id={`${id}.attribute`}
          name={`${prefix}.attribute`}
          aria-label={named("Attribute")}
          placeholder="plan"
          list={`${prefix}.attributes`}
          value={line.attribute}
          onChange={(event) => onChange({ ...line, attribute: event.currentTarget.value })}
          error={errorOf("attribute")}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
        />
      )}
      <NativeSelect
        id={`${id}.operator`}
        name={`${prefix}.operator`}
        aria-label={named("Comparison")}
        {...(kind === "segment" ? { className: classes.wide } : {})}
        data={OPERATORS}
        value={line.word}
        onChange={({ currentTarget: { value } }) => onChange({ ...line, word: isLineWord(value) ? value : line.word })}
      />
      <ValueField
        id={`${id}.value`}
        name={`${prefix}.value`}
        label={named("Value")}
        line={line}
        segments={segments}
        plansId={`${prefix}.plans`}
        error={errorOf("value")}
        onChange={(value) => onChange({ ...line, value })}
      />
      {onRemove ? (
        <ActionIcon
          className={classes.remove}
          variant="subtle"
          color="gray"
          size={36}
          aria-label={`Remove ${which}`}
          onClick={onRemove}
          style={{ visibility: isMounted ? "visible" : "hidden" }}
        >
          <IconX size={16} aria-hidden />
        </ActionIcon>
      ) : null}
    </div>
  );
}

type ValueFieldProps = {
  id: string;
  name: string;
  label: string;
  line: Line;
  segments: readonly string[];
  plansId: string;
  error: string | undefined;
  onChange: (value: string) => void;
};

function ValueField({ id, name, label, line, segments, plansId, error, onChange }: ValueFieldProps) {
  const kind = valueKindOf(line.word);
  if (kind === "none") return <input type="hidden" name={name} value="" />;
  const { value } = line;
  const field = { id, name, "aria-label": label, value, error };
  if (kind === "segment" && segments.length > 0)
    return (
      <NativeSelect
        {...field}
        data={[
          { value: "", label: "Choose a segment" },
          ...[...new Set([...segments, value])].filter((key) => key !== "").map((key) => ({ value: key, label: key })),
        ]}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    );
  return (
    <TextInput
      {...field}
      placeholder={line.word === "version" ? ">=1.4.0" : VALUE_HINTS[kind]}
      onChange={(event) => onChange(event.currentTarget.value)}
      {...(line.attribute === "plan" && kind !== "segment" ? { list: plansId } : {})}
      autoComplete="off"
      autoCapitalize="none"
      spellCheck={false}
    />
  );
}

/** What the fields of an editor suggest while somebody types. */
export function ConditionSuggestions({ prefix, attributes }: { prefix: string; attributes: readonly string[] }) {
  return (
    <>
      <datalist id={`${prefix}.attributes`}>
        {attributes.map((attribute) => (
          <option key={attribute} value={attribute} />
        ))}
      </datalist>
      <datalist id={`${prefix}.plans`}>
        {Object.keys(PLAN_NAMES).map((plan) => (
          <option key={plan} value={plan} />
        ))}
      </datalist>
    </>
  );
}
