import type { FormFieldError } from "@kombify/ui";
import { Button, NativeSelect, Group as Row, Stack } from "@mantine/core";
import { useMounted } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./condition-editor.module.css";
import { EMPTY_LINE, type Group, JOINS, type Join, type Line } from "./condition-form.ts";
import { ConditionLine } from "./condition-line.tsx";

const JOIN_CHOICES = (Object.keys(JOINS) as Join[]).map((join) => ({ value: join, label: JOINS[join] }));

/** The list with one thing exchanged, or without it. */
export const replaced = <T,>(list: readonly T[], at: number, by: T | null): T[] =>
  list.flatMap((each, index) => (index === at ? (by === null ? [] : [by]) : [each]));

type Shared = { prefix: string; segments: readonly string[]; errors: readonly FormFieldError[] };
type LineGroupProps = Shared & {
  name: string;
  firstAt: number;
  group: Group;
  /** Null: it is removed. */
  onChange: (group: Group | null) => void;
};

/** Lines that stand together inside of a condition. */
export function LineGroup({ name, firstAt, group, onChange, ...shared }: LineGroupProps) {
  const { join, lines } = group;
  const setLines = (next: Line[]) => onChange(next.length === 0 ? null : { join, lines: next });
  return (
    <fieldset className={`${classes.lines} ${classes.group}`} aria-label="Group of conditions">
      <JoinField
        name={`${shared.prefix}.join.${name}`}
        label="How the conditions of this group stand together"
        join={join}
        onChange={(next) => onChange({ join: next, lines })}
      />
      {lines.map((line, at) => (
        <ConditionLine
          key={at}
          {...shared}
          group={name}
          at={firstAt + at}
          line={line}
          onChange={(next) => setLines(replaced(lines, at, next))}
          onRemove={() => setLines(replaced(lines, at, null))}
        />
      ))}
      <noscript>
        <SpareLines {...shared} group={name} />
      </noscript>
      <Row gap="xs">
        <AddButton onClick={() => setLines([...lines, EMPTY_LINE])}>Add to this group</AddButton>
      </Row>
    </fieldset>
  );
}

type JoinFieldProps = { name: string; label: string; join: Join; onChange: (join: Join) => void };

export function JoinField({ name, label, join, onChange }: JoinFieldProps) {
  return (
    <NativeSelect
      name={name}
      aria-label={label}
      data={JOIN_CHOICES}
      value={join}
      onChange={(event) => onChange(event.currentTarget.value as Join)}
      size="xs"
      w={250}
      maw="100%"
    />
  );
}

/** Only where scripts run: these buttons send nothing. */
export function AddButton({ onClick, children }: { onClick: () => void; children: ReactNode }) {
  const isMounted = useMounted();
  return (
    <Button
      variant="subtle"
      size="compact-sm"
      leftSection={<IconPlus size={14} aria-hidden />}
      onClick={onClick}
      style={{ visibility: isMounted ? "visible" : "hidden" }}
    >
      {children}
    </Button>
  );
}

const unchanged = () => {};

/** Lines that stand ready where no script adds any. */
export function SpareLines({ group, ...shared }: Shared & { group: string }) {
  return (
    <Stack gap="xs">
      {[0, 1].map((spare) => (
        <ConditionLine
          key={spare}
          {...shared}
          group={group}
          at={`spare-${group}${spare}`}
          line={EMPTY_LINE}
          onChange={unchanged}
        />
      ))}
    </Stack>
  );
}

export function SpareGroup(shared: Shared) {
  return (
    <fieldset className={`${classes.lines} ${classes.group}`} aria-label="Group of conditions">
      <JoinField
        name={`${shared.prefix}.join.spare`}
        label="How the conditions of this group stand together"
        join="any"
        onChange={unchanged}
      />
      <SpareLines {...shared} group="spare" />
    </fieldset>
  );
}
