import { ActionIcon, Group, Paper, Stack, Text } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconTrash } from "@tabler/icons-react";
import { ConditionEditor } from "../../../flags/condition-editor.tsx";
import type { RuleDraft } from "./draft.ts";
import { OutcomeFields } from "./outcome-fields.tsx";
import type { Problem } from "./read-draft.ts";
import type { PartProps } from "./rules-form.tsx";

type RuleFieldsProps = PartProps & {
  rule: RuleDraft;
  at: number;
  count: number;
  segments: readonly string[];
  problems: readonly Problem[];
};

/** One rule: for whom, and what it gives; its place among the others. */
export function RuleFields({ rule, at, count, segments, problems, ...part }: RuleFieldsProps) {
  const { draft, set, edit } = part;
  const name = `rule ${at + 1}`;
  return (
    <Paper withBorder p="md" component="fieldset" m={0} aria-label={`Rule ${at + 1}`}>
      <input type="hidden" name="rule-id" value={rule.id} />
      <Stack gap="sm">
        <Group justify="space-between" gap="xs" wrap="nowrap">
          <Text fw={600} size="sm">
            {at + 1}. When
          </Text>
          <Group gap={4} wrap="nowrap">
            {at > 0 ? <IconButton label={`Move ${name} up`} {...edit(`up:${rule.id}`)} Icon={IconArrowUp} /> : null}
            {at < count - 1 ? (
              <IconButton label={`Move ${name} down`} {...edit(`down:${rule.id}`)} Icon={IconArrowDown} />
            ) : null}
            <IconButton label={`Remove ${name}`} {...edit(`remove-rule:${rule.id}`)} Icon={IconTrash} />
          </Group>
        </Group>
        <ConditionEditor
          prefix={`${rule.id}.when`}
          value={rule.when}
          typed={rule.typed}
          json={rule.json}
          errors={problems}
          segments={segments}
        />
        <Text size="xs" c="dimmed">
          Left empty, the rule is for everybody.
        </Text>
        <OutcomeFields
          {...part}
          name={rule.id}
          label="Give"
          give={rule.give}
          onChange={(give) =>
            set({
              ...draft,
              rules: draft.rules.map((each) => (each.id === rule.id && give ? { ...each, give } : each)),
            })
          }
        />
      </Stack>
    </Paper>
  );
}

type IconButtonProps = ReturnType<PartProps["edit"]> & { label: string; Icon: typeof IconTrash };

export function IconButton({ label, Icon, ...rest }: IconButtonProps) {
  return (
    <ActionIcon type="submit" variant="subtle" color="gray" size={32} aria-label={label} title={label} {...rest}>
      <Icon size={17} stroke={1.8} aria-hidden />
    </ActionIcon>
  );
}
