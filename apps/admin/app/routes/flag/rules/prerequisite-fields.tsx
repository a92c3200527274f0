import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { Section } from "../../../frame/section.tsx";
import type { PrerequisiteDraft } from "./draft.ts";
import { IconButton } from "./rule-fields.tsx";
import classes from "./rules.module.css";
import type { PartProps } from "./rules-form.tsx";

/** Other flags that have to give something before this one's rules count. */
export function PrerequisiteFields({
  draft,
  set,
  edit,
  errorOf,
  flagKeys,
}: PartProps & { flagKeys: readonly string[] }) {
  const change = (changed: PrerequisiteDraft) =>
    set({ ...draft, prerequisites: draft.prerequisites.map((each) => (each.id === changed.id ? changed : each)) });
  return (
    <Section title="Prerequisites">
      <datalist id="flag-keys">
        {flagKeys.map((key) => (
          <option key={key} value={key} />
        ))}
      </datalist>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {draft.prerequisites.length === 0
            ? "It depends on no other flag."
            : "While one of them gives anything else, this flag gives its off variant."}
        </Text>
        {draft.prerequisites.map((each) => (
          <div key={each.id} className={classes.pair}>
            <input type="hidden" name="prerequisite-id" value={each.id} />
            <TextInput
              id={`prerequisite.${each.id}.flag`}
              name={`prerequisite.${each.id}.flag`}
              label="Flag"
              list="flag-keys"
              value={each.flag}
              onChange={(event) => change({ ...each, flag: event.currentTarget.value })}
              error={errorOf(`prerequisite.${each.id}.flag`)}
              autoComplete="off"
              spellCheck={false}
            />
            <TextInput
              id={`prerequisite.${each.id}.variants`}
              name={`prerequisite.${each.id}.variants`}
              label="Gives one of"
              value={each.variants}
              onChange={(event) => change({ ...each, variants: event.currentTarget.value })}
              error={errorOf(`prerequisite.${each.id}.variants`)}
              autoComplete="off"
              spellCheck={false}
            />
            <IconButton
              label={`Remove prerequisite ${each.flag}`}
              {...edit(`remove-prerequisite:${each.id}`)}
              Icon={IconTrash}
            />
          </div>
        ))}
        <Group>
          <Button type="submit" variant="light" {...edit("add-prerequisite")}>
            Add a prerequisite
          </Button>
        </Group>
      </Stack>
    </Section>
  );
}
