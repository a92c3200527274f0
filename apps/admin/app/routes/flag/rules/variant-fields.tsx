import { Button, Group, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { Section } from "../../../frame/section.tsx";
import { JsonField } from "../json-field.tsx";
import type { VariantDraft } from "./draft.ts";
import { IconButton } from "./rule-fields.tsx";
import classes from "./rules.module.css";
import type { PartProps } from "./rules-form.tsx";

/** What the flag can give, what is given when no rule decides, and what while it is off. */
export function VariantFields(part: PartProps) {
  const { draft, set, edit, errorOf } = part;
  const change = (changed: VariantDraft) =>
    set({ ...draft, variants: draft.variants.map((each) => (each.id === changed.id ? changed : each)) });
  const choices = draft.variants.map(({ id, name }) => ({ value: id, label: name || "(no name yet)" }));
  return (
    <Section
      title="Variants"
      aside={
        <Text size="sm" c="dimmed">
          Values are {TYPE_WORDS[draft.type]}
        </Text>
      }
    >
      <Stack gap="sm">
        {draft.variants.map((variant) => (
          <div key={variant.id} className={classes.pair}>
            <input type="hidden" name="variant-id" value={variant.id} />
            <TextInput
              id={`variant.${variant.id}.name`}
              name={`variant.${variant.id}.name`}
              label="Name"
              value={variant.name}
              onChange={(event) => change({ ...variant, name: event.currentTarget.value })}
              error={errorOf(`variant.${variant.id}.name`)}
              autoComplete="off"
              spellCheck={false}
            />
            <ValueField {...part} variant={variant} change={change} />
            <IconButton
              label={`Remove variant ${variant.name}`}
              {...edit(`remove-variant:${variant.id}`)}
              Icon={IconTrash}
            />
          </div>
        ))}
        <Group>
          <Button id="add-variant" type="submit" variant="light" {...edit("add-variant")}>
            Add a variant
          </Button>
        </Group>
        <div className={classes.halves}>
          <NativeSelect
            id="defaultVariant"
            name="defaultVariant"
            label="Default variant"
            description="Given when no rule decides."
            value={draft.defaultVariant}
            onChange={(event) => set({ ...draft, defaultVariant: event.currentTarget.value })}
            error={errorOf("defaultVariant")}
            data={[{ value: "", label: "None: the code uses its own default" }, ...choices]}
          />
          <NativeSelect
            id="offVariant"
            name="offVariant"
            label="Off variant"
            description="Given while it is killed or a prerequisite is missing."
            value={draft.offVariant}
            onChange={(event) => set({ ...draft, offVariant: event.currentTarget.value })}
            error={errorOf("offVariant")}
            data={[{ value: "", label: "None: the code uses its own default" }, ...choices]}
          />
        </div>
      </Stack>
    </Section>
  );
}

const TYPE_WORDS = { boolean: "true or false", string: "text", number: "numbers", object: "JSON" };

type ValueFieldProps = PartProps & { variant: VariantDraft; change: (variant: VariantDraft) => void };

function ValueField({ draft, variant, change, errorOf }: ValueFieldProps) {
  const name = `variant.${variant.id}.value`;
  const field = { id: name, name, label: "Value", value: variant.value, error: errorOf(name) };
  if (draft.type === "boolean")
    return (
      <NativeSelect
        {...field}
        data={["", "true", "false"].map((value) => ({ value, label: value || "Choose one" }))}
        onChange={(event) => change({ ...variant, value: event.currentTarget.value })}
      />
    );
  if (draft.type === "object")
    return (
      <JsonField
        text={variant.value}
        {...field}
        minRows={1}
        onChange={(event) => change({ ...variant, value: event.currentTarget.value })}
      />
    );
  return (
    <TextInput
      {...field}
      {...(draft.type === "number" ? { inputMode: "decimal" as const } : {})}
      autoComplete="off"
      onChange={(event) => change({ ...variant, value: event.currentTarget.value })}
    />
  );
}
