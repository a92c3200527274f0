import { Group, Stack, Text, TextInput } from "@mantine/core";
import { ShareBar } from "../share-bar.tsx";
import type { OutcomeDraft, VariantDraft } from "./draft.ts";
import { percentText, sumProblem, weightOf } from "./weights.ts";

type ShareFieldsProps = {
  name: string;
  give: OutcomeDraft;
  /** In the order of their shares. */
  variants: readonly VariantDraft[];
  /** Names in the order of the flag, for their colours. */
  allVariants: readonly string[];
  errorOf: (path: string) => string | undefined;
  onChange: (give: OutcomeDraft) => void;
};

/** A share for each variant, the sum as it is typed, and how it looks. */
export function ShareFields({ name, give, variants, allVariants, errorOf, onChange }: ShareFieldsProps) {
  const weights = variants.map(({ id, name: variant }) => ({ variant, weight: weightOf(give.weights[id] ?? "") ?? 0 }));
  const problem = sumProblem(weights.map(({ weight }) => weight));
  const total = weights.reduce((sum, { weight }) => sum + weight, 0);
  return (
    <Stack gap="xs" id={`${name}.shares`} tabIndex={-1}>
      <Group gap="sm" align="flex-start">
        {variants.map(({ id, name: variant }) => (
          <TextInput
            key={id}
            id={`${name}.weight.${id}`}
            name={`${name}.weight.${id}`}
            label={variant || "(no name yet)"}
            aria-label={`Percent of ${variant}`}
            value={give.weights[id] ?? ""}
            onChange={(event) => onChange({ ...give, weights: { ...give.weights, [id]: event.currentTarget.value } })}
            error={errorOf(`${name}.weight.${id}`)}
            rightSection="%"
            inputMode="decimal"
            placeholder="0"
            autoComplete="off"
            w={116}
          />
        ))}
      </Group>
      <ShareBar shares={weights} variants={allVariants} />
      <Text size="xs" {...(problem ? { c: "red", fw: 600 } : { c: "dimmed" })}>
        {problem ?? `${percentText(total)} % together.`}
      </Text>
    </Stack>
  );
}
