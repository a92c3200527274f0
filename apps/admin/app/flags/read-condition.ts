/** What an editor of conditions sends, which is the same with and without script. */
import type { Condition } from "@kombify/flags/rules";
import {
  type ConditionForm,
  conditionOf,
  type Group,
  isGroup,
  isLineWord,
  JOINS,
  type Join,
  type Line,
  valueFrom,
  valueKindOf,
} from "./condition-form.ts";

type Problem = { path: string; message: string };

export type ReadCondition = {
  /** Null: everybody. Of no use while there are problems, or when JSON was sent. */
  condition: Condition | null;
  /** What was sent in place of lines; undefined when lines were. */
  logic: Record<string, unknown> | undefined;
  /** `path` is the `id` of the field. */
  problems: Problem[];
  /** What was typed, to show again. */
  typed: { form: ConditionForm; json: string | undefined };
};

const EXAMPLES = {
  scalar: "Enter a value, such as pro.",
  list: "Enter values with commas between, such as pro, team.",
  text: "Enter what to look for.",
  number: "Enter a number, such as 5.",
  segment: "Choose a segment.",
};

const joinFrom = (word: FormDataEntryValue | null): Join =>
  typeof word === "string" && Object.hasOwn(JOINS, word) ? (word as Join) : "all";

/** What is wrong with a line that is not left empty. */
function problemsOf(line: Line, id: string): Problem[] {
  const kind = valueKindOf(line.word);
  const problems: Problem[] = [];
  if (kind !== "segment" && line.attribute.trim() === "")
    problems.push({ path: `${id}.attribute`, message: "Say which attribute, such as plan." });
  const value = kind === "none" ? true : valueFrom(line.word, line.value);
  if (value === null && kind !== "none") problems.push({ path: `${id}.value`, message: EXAMPLES[kind] });
  if (line.word === "version" && typeof value === "string" && !/^(=|!=|<=?|>=?|\^|~)?\s*\d+\.\d+\.\d+/.test(value))
    problems.push({ path: `${id}.value`, message: "Enter a whole version and what to compare by, such as >=1.4.0." });
  return problems;
}

const isEmpty = ({ attribute, word, value }: Line) =>
  value.trim() === "" && (valueKindOf(word) === "segment" || attribute.trim() === "");

/**
 * Reads an editor's fields from a form. Lines that were left empty do not count.
 * @param prefix of the editor's fields, as it was given to the component.
 */
export function readCondition(sent: FormData, prefix: string): ReadCondition {
  const all = (name: string) => sent.getAll(`${prefix}.${name}`).map((value) => String(value));
  const json = sent.get(`${prefix}.json`);
  const [attributes, words, values, groups] = [all("attribute"), all("operator"), all("value"), all("group")];
  const problems: Problem[] = [];
  const parts: ConditionForm["parts"] = [];
  const byGroup = new Map<string, Group>();
  for (const [index, word] of words.entries()) {
    const line: Line = {
      attribute: attributes[index] ?? "",
      word: isLineWord(word) ? word : "is",
      value: values[index] ?? "",
    };
    if (isEmpty(line)) continue;
    problems.push(...problemsOf(line, `${prefix}.${lineCount(parts)}`));
    const name = groups[index] ?? "";
    const group = byGroup.get(name);
    if (name === "") parts.push(line);
    else if (group) group.lines.push(line);
    else {
      const made: Group = { join: joinFrom(sent.get(`${prefix}.join.${name}`)), lines: [line] };
      byGroup.set(name, made);
      parts.push(made);
    }
  }
  const form = { join: joinFrom(sent.get(`${prefix}.join`)), parts };
  if (typeof json !== "string") {
    const condition = problems.length > 0 ? null : conditionOf(form);
    return { condition, logic: undefined, problems, typed: { form, json: undefined } };
  }
  const logic = objectFrom(json);
  if (logic === null)
    problems.push({ path: `${prefix}.json`, message: 'Enter JSON, such as {"==": [{"var": "plan"}, "pro"]}.' });
  return { condition: null, logic: logic ?? {}, problems, typed: { form, json } };
}

/** Lines before the next one, as the editor numbers them. */
const lineCount = (parts: ConditionForm["parts"]) =>
  parts.reduce((count, part) => count + (isGroup(part) ? part.lines.length : 1), 0);

function objectFrom(json: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
