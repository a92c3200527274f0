import { Group, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { emptyOutcome, type OutcomeDraft, shareOrder } from "./draft.ts";
import type { PartProps } from "./rules-form.tsx";
import { ShareFields } from "./share-fields.tsx";

type OutcomeFieldsProps = PartProps & {
  /** Begins the names of its fields. */
  name: string;
  label: string;
  /** Null: the default variant. */
  give: OutcomeDraft | null;
  onChange: (give: OutcomeDraft | null) => void;
  mayBeDefault?: boolean;
};

/** What attributes people are shared out by, in words; anything else is typed. */
const SHARED_BY = [
  { value: "tenantId", label: "homelab: all its people get the same" },
  { value: "userId", label: "person: the same everywhere" },
  { value: "targetingKey", label: "targeting key: whatever asks" },
];

/** What somebody gets: a variant, or one by shares. */
export function OutcomeFields(props: OutcomeFieldsProps) {
  const { draft, name, label, give, onChange, errorOf, mayBeDefault = false } = props;
  const kinds = [
    ...(mayBeDefault ? [{ value: "default", label: "the default variant" }] : []),
    { value: "variant", label: "a variant" },
    { value: "split", label: "shares" },
  ];
  const choose = (kind: string) => {
    if (kind === "default") return onChange(null);
    const current = give ?? emptyOutcome();
    onChange({ ...current, kind: kind === "split" ? "split" : "variant" });
  };
  return (
    <Stack gap="xs">
      <Group gap="sm" align="flex-start">
        <NativeSelect
          name={`${name}.kind`}
          label={label}
          data={kinds}
          value={give?.kind ?? "default"}
          onChange={(event) => choose(event.currentTarget.value)}
        />
        {give?.kind === "variant" ? (
          <NativeSelect
            id={`${name}.variant`}
            name={`${name}.variant`}
            label="Variant"
            data={[
              { value: "", label: "Choose one" },
              ...draft.variants.map(({ id, name: each }) => ({ value: id, label: each || "(no name yet)" })),
            ]}
            value={give.variant}
            onChange={(event) => onChange({ ...give, variant: event.currentTarget.value })}
            error={errorOf(`${name}.variant`)}
          />
        ) : null}
        {give?.kind === "split" ? <SharedBy {...props} give={give} /> : null}
      </Group>
      {give?.kind === "split" ? (
        <ShareFields
          name={name}
          give={give}
          variants={shareOrder(give, draft.variants)}
          allVariants={draft.variants.map((variant) => variant.name)}
          errorOf={errorOf}
          onChange={onChange}
        />
      ) : null}
    </Stack>
  );
}

function SharedBy({ name, give, onChange, errorOf }: OutcomeFieldsProps & { give: OutcomeDraft }) {
  const list = `${name}.by.choices`;
  const known = SHARED_BY.find(({ value }) => value === give.by);
  return (
    <div>
      <TextInput
        id={`${name}.by`}
        name={`${name}.by`}
        label="Shared out by"
        list={list}
        value={give.by}
        onChange={(event) => onChange({ ...give, by: event.currentTarget.value })}
        error={errorOf(`${name}.by`)}
        autoComplete="off"
        spellCheck={false}
      />
      <datalist id={list}>
        {SHARED_BY.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </datalist>
      <Text size="xs" c="dimmed" mt={2}>
        {known ? `By ${known.label}.` : "By any attribute that is sent."}
      </Text>
    </div>
  );
}
