import type { FormFieldError } from "@kombify/ui";
import { ActionIcon, Button, Group, Input, NativeSelect, Radio, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useMounted } from "@mantine/hooks";
import { IconPlus, IconX } from "@tabler/icons-react";
import { TYPE_NAMES } from "./flag-words.ts";
import classes from "./variant-editor.module.css";
import { isValueType, presetOf, VALUE_TYPES, type VariantForm, type VariantRow } from "./variant-form.ts";

type VariantEditorProps = {
  form: VariantForm;
  onChange: (form: VariantForm) => void;
  errors: readonly FormFieldError[];
};

const VALUE_HINTS = { boolean: "true", string: "blue", number: "5", object: '{"limit": 5}' };

/**
 * Fields for the variants of a flag. Without script, the buttons `intent=type` and `intent=row` send the form, and what
 * was typed comes back with what they ask for.
 */
export function VariantEditor({ form, onChange, errors }: VariantEditorProps) {
  const { type, rows } = form;
  const isMounted = useMounted();
  const setRow = (at: number, row: VariantRow) =>
    onChange({ ...form, rows: rows.map((each, index) => (index === at ? row : each)) });
  return (
    <Stack gap="sm">
      <Group align="flex-end" gap="xs">
        <NativeSelect
          id="type"
          name="type"
          label="Type of value"
          data={VALUE_TYPES.map((value) => ({ value, label: TYPE_NAMES[value] }))}
          value={type}
          onChange={({ currentTarget: { value } }) => isValueType(value) && onChange(presetOf(value))}
          w={200}
        />
        <noscript>
          <Button type="submit" name="intent" value="type" variant="default">
            Use this type
          </Button>
        </noscript>
      </Group>
      <div className={classes.rows}>
        <div className={classes.head} aria-hidden>
          <span>Variant</span>
          <span>Value</span>
          <span>Default</span>
          <span>When off</span>
        </div>
        {rows.map((row, at) => (
          <div key={at} className={classes.row}>
            <VariantFields row={row} at={at} type={type} errors={errors} onChange={(next) => setRow(at, next)} />
            <Choices at={at} form={form} onChange={onChange} />
            <ActionIcon
              className={classes.remove}
              variant="subtle"
              color="gray"
              size={36}
              aria-label={`Remove variant ${at + 1}`}
              onClick={() => onChange(without(form, at))}
              style={{ visibility: isMounted && rows.length > 1 ? "visible" : "hidden" }}
            >
              <IconX size={16} aria-hidden />
            </ActionIcon>
          </div>
        ))}
        <div className={classes.row}>
          <div className={classes.none}>None of them: no value, and code uses its own default</div>
          <Choices at={null} form={form} onChange={onChange} />
        </div>
        {errors
          .filter(({ path }) => /^(default|off)At-/.test(path))
          .map(({ path, message }) => (
            <Input.Error key={path}>{message}</Input.Error>
          ))}
      </div>
      <Group>
        <Button
          type="submit"
          name="intent"
          value="row"
          variant="subtle"
          size="compact-sm"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={(event) => {
            event.preventDefault();
            onChange({ ...form, rows: [...rows, { name: "", value: "" }] });
          }}
        >
          Add a variant
        </Button>
      </Group>
      <Text size="sm" c="dimmed">
        The default is given while no rule decides. When off is given while the flag is killed, or while a flag that it
        needs does not hold.
      </Text>
    </Stack>
  );
}

type VariantFieldsProps = {
  row: VariantRow;
  at: number;
  type: VariantForm["type"];
  errors: readonly FormFieldError[];
  onChange: (row: VariantRow) => void;
};

function VariantFields({ row, at, type, errors, onChange }: VariantFieldsProps) {
  const errorOf = (field: string) => errors.find(({ path }) => path === `variant-${at}.${field}`)?.message;
  const value = {
    id: `variant-${at}.value`,
    name: "variantValue",
    "aria-label": `Value of variant ${at + 1}`,
    value: row.value,
    error: errorOf("value"),
    className: classes.field,
  };
  const plain = { autoComplete: "off", autoCapitalize: "none", spellCheck: false };
  return (
    <>
      <TextInput
        id={`variant-${at}.name`}
        name="variantName"
        aria-label={`Name of variant ${at + 1}`}
        placeholder="Name"
        className={classes.field}
        value={row.name}
        onChange={(event) => onChange({ ...row, name: event.currentTarget.value })}
        error={errorOf("name")}
        {...plain}
      />
      {type === "object" ? (
        <Textarea
          {...value}
          {...plain}
          placeholder={VALUE_HINTS.object}
          autosize
          minRows={1}
          maxRows={12}
          onChange={(event) => onChange({ ...row, value: event.currentTarget.value })}
        />
      ) : type === "boolean" ? (
        <NativeSelect
          {...value}
          data={row.value === "" ? ["", "true", "false"] : ["true", "false"]}
          onChange={(event) => onChange({ ...row, value: event.currentTarget.value })}
        />
      ) : (
        <TextInput
          {...value}
          {...plain}
          placeholder={VALUE_HINTS[type]}
          onChange={(event) => onChange({ ...row, value: event.currentTarget.value })}
        />
      )}
    </>
  );
}

const CHOICES = [
  { field: "defaultAt", word: "Default", name: "The default" },
  { field: "offAt", word: "When off", name: "Given when off" },
] as const;

type ChoicesProps = Pick<VariantEditorProps, "form" | "onChange"> & {
  /** Null: none of the variants. */
  at: number | null;
};

function Choices({ at, form, onChange }: ChoicesProps) {
  return CHOICES.map(({ field, word, name }) => (
    <div key={field} className={classes.choice} data-field={field}>
      <Radio
        id={`${field}-${at ?? "none"}`}
        name={field}
        value={at ?? ""}
        checked={form[field] === at}
        onChange={() => onChange({ ...form, [field]: at })}
        label={<span className={classes.word}>{word}</span>}
        aria-label={`${name}: ${at === null ? "none" : `variant ${at + 1}`}`}
      />
    </div>
  ));
}

/** The form without one of its rows; what was chosen stays with its row. */
function without(form: VariantForm, at: number): VariantForm {
  const moved = (chosen: number | null) =>
    chosen === null || chosen < at ? chosen : chosen === at ? null : chosen - 1;
  return {
    ...form,
    rows: form.rows.filter((_, index) => index !== at),
    defaultAt: moved(form.defaultAt),
    offAt: moved(form.offAt),
  };
}
