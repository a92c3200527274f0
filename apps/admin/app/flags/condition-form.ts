/**
 * A condition as the editor shows it: lines of attribute, operator and value, and groups of such lines one level deep. A
 * condition that is more than that has no such form, and is edited as JSON.
 */
import type { Condition, Operator } from "@kombify/flags/rules";
import { listFrom, listText, type Scalar, scalarFrom, scalarText } from "./scalar-text.ts";

/** How lines stand together. */
export const JOINS = {
  all: "all of these hold",
  any: "at least one of these holds",
  none: "none of these holds",
  "not-all": "not all of these hold",
} as const;
export type Join = keyof typeof JOINS;

type ValueKind = "scalar" | "list" | "text" | "number" | "segment" | "none";
type LineKind = { label: string; value: ValueKind } & (
  | { operator: Operator; isNegated?: true }
  | { operator: "segment"; isNegated?: true }
);

/** What a line can say, by its word in forms. Where flagd has no operation for the opposite, it is the operation denied. */
export const LINES = {
  is: { label: "is", operator: "is", value: "scalar" },
  "is-not": { label: "is not", operator: "is not", value: "scalar" },
  "one-of": { label: "is one of", operator: "one of", value: "list" },
  "none-of": { label: "is none of", operator: "none of", value: "list" },
  contains: { label: "contains", operator: "contains", value: "text" },
  "contains-not": { label: "does not contain", operator: "contains", value: "text", isNegated: true },
  "starts-with": { label: "starts with", operator: "starts with", value: "text" },
  "starts-not-with": { label: "does not start with", operator: "starts with", value: "text", isNegated: true },
  "ends-with": { label: "ends with", operator: "ends with", value: "text" },
  "ends-not-with": { label: "does not end with", operator: "ends with", value: "text", isNegated: true },
  greater: { label: "is greater than", operator: "greater than", value: "number" },
  "at-least": { label: "is at least", operator: "at least", value: "number" },
  less: { label: "is less than", operator: "less than", value: "number" },
  "at-most": { label: "is at most", operator: "at most", value: "number" },
  version: { label: "is a version that is", operator: "matches version", value: "text" },
  set: { label: "is set", operator: "is set", value: "none" },
  "not-set": { label: "is not set", operator: "is not set", value: "none" },
  segment: { label: "belongs to segment", operator: "segment", value: "segment" },
  "not-segment": { label: "does not belong to segment", operator: "segment", value: "segment", isNegated: true },
} as const satisfies Record<string, LineKind>;
export type LineWord = keyof typeof LINES;
const lineKind = (word: LineWord): LineKind => LINES[word];
export const isLineWord = (word: string): word is LineWord => Object.hasOwn(LINES, word);

export type Line = { attribute: string; word: LineWord; value: string };
export type Group = { join: Join; lines: Line[] };
/** Parts in the order in which they are shown. */
export type ConditionForm = { join: Join; parts: (Line | Group)[] };

export const EMPTY_LINE: Line = { attribute: "", word: "is", value: "" };
export const isGroup = (part: Line | Group): part is Group => "lines" in part;
export const valueKindOf = (word: LineWord): ValueKind => LINES[word].value;

/** A value as typed into a line with this operator; null when it is not one that can be. */
export function valueFrom(word: LineWord, typed: string): Scalar | Scalar[] | null {
  const kind = valueKindOf(word);
  if (kind === "list") return listFrom(typed);
  const value = scalarFrom(typed);
  if (kind === "number") return typeof value === "number" ? value : null;
  if (kind !== "text" || value === null) return value;
  // The version 1.4 and the digits of a name are text here, whatever they look like.
  return typeof value === "string" ? value : typed.trim();
}

function valueText(kind: ValueKind, value: Scalar | Scalar[] | null): string | null {
  if (kind === "none") return "";
  if (kind === "list") return Array.isArray(value) && value.length > 0 ? listText(value) : null;
  if (value === null || Array.isArray(value)) return null;
  if (kind === "number") return typeof value === "number" && scalarFrom(String(value)) === value ? String(value) : null;
  if (kind !== "text") return scalarText(value);
  return typeof value !== "string" ? null : valueFrom("contains", value) === value ? value : JSON.stringify(value);
}

function lineOf(condition: Condition, isNegated = false): Line | null {
  if (condition.kind === "not") return isNegated ? null : lineOf(condition.condition, true);
  if (condition.kind === "segment")
    return { attribute: "", word: isNegated ? "not-segment" : "segment", value: condition.segment };
  if (condition.kind !== "compare") return null;
  const word = (Object.keys(LINES) as LineWord[]).find(
    (each) => LINES[each].operator === condition.operator && (lineKind(each).isNegated ?? false) === isNegated,
  );
  const value = word === undefined ? null : valueText(valueKindOf(word), condition.value);
  return word === undefined || value === null ? null : { attribute: condition.attribute, word, value };
}

/** A condition as the lines of one group with what joins them; a single line is a group of one. */
function membersOf(condition: Condition): { join: Join; members: Condition[] } | null {
  if (condition.kind === "all" || condition.kind === "any")
    return condition.conditions.length === 0 ? null : { join: condition.kind, members: condition.conditions };
  if (condition.kind !== "not") return { join: "all", members: [condition] };
  const { condition: inner } = condition;
  if (inner.kind === "all" || inner.kind === "any")
    return inner.conditions.length === 0
      ? null
      : { join: inner.kind === "any" ? "none" : "not-all", members: inner.conditions };
  return { join: "none", members: [inner] };
}

function groupOf(condition: Condition): Group | null {
  const group = membersOf(condition);
  const lines = group?.members.map((member) => lineOf(member)) ?? [];
  return group && lines.every((line) => line !== null) ? { join: group.join, lines } : null;
}

/** How the editor shows a condition; null when lines and one level of groups are not enough for it. */
export function formOf(condition: Condition | null): ConditionForm | null {
  if (condition === null) return { join: "all", parts: [] };
  const line = lineOf(condition);
  if (line) return { join: "all", parts: [line] };
  const top = membersOf(condition);
  const parts = top?.members.map((member) => lineOf(member) ?? groupOf(member)) ?? [];
  return top && parts.every((part) => part !== null) ? { join: top.join, parts } : null;
}

/** @throws nothing: a line whose value cannot be read counts as absent; {@link readCondition} has refused it before. */
export function conditionOfLine({ attribute, word, value }: Line): Condition | null {
  const { operator, isNegated } = lineKind(word);
  const read = valueKindOf(word) === "none" ? null : valueFrom(word, value);
  if (read === null && valueKindOf(word) !== "none") return null;
  const condition: Condition =
    operator === "segment"
      ? { kind: "segment", segment: value.trim() }
      : { kind: "compare", attribute: attribute.trim(), operator, value: read };
  return isNegated ? { kind: "not", condition } : condition;
}

function joined(join: Join, conditions: Condition[]): Condition | null {
  const [first] = conditions;
  if (first === undefined) return null;
  const isAny = join === "any" || join === "none";
  const together: Condition = conditions.length === 1 ? first : { kind: isAny ? "any" : "all", conditions };
  return join === "none" || join === "not-all" ? { kind: "not", condition: together } : together;
}

/** The condition that a form says; null: it says nothing, and so everybody is meant. */
export function conditionOf({ join, parts }: ConditionForm): Condition | null {
  const conditions = parts.map((part) =>
    isGroup(part)
      ? joined(
          part.join,
          part.lines.map((line) => conditionOfLine(line)).filter((line) => line !== null),
        )
      : conditionOfLine(part),
  );
  return joined(
    join,
    conditions.filter((condition) => condition !== null),
  );
}
