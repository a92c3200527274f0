/** The form of the editor, read back as a draft. */
import { readCondition } from "../../../flags/read-condition.ts";
import type { Draft, OutcomeDraft, RuleDraft } from "./draft.ts";

export type Problem = { path: string; message: string };
const TYPES = ["boolean", "string", "number", "object"] as const;

/** @returns the draft, and what is wrong with its conditions: their fields are read once. */
export function readDraft(form: FormData): { draft: Draft; problems: Problem[] } {
  const text = (name: string) => {
    const value = form.get(name);
    return typeof value === "string" ? value : "";
  };
  const all = (name: string) => form.getAll(name).map(String);
  const ids = all("variant-id");
  const outcome = (name: string): OutcomeDraft => ({
    kind: text(`${name}.kind`) === "split" ? "split" : "variant",
    variant: text(`${name}.variant`),
    by: text(`${name}.by`) || "tenantId",
    // In the order of the fields, which is the order of the shares.
    weights: Object.fromEntries(
      [...form].flatMap(([field, value]) => {
        const id = field.startsWith(`${name}.weight.`) ? field.slice(`${name}.weight.`.length) : "";
        return ids.includes(id) ? [[id, String(value)]] : [];
      }),
    ),
  });
  const problems: Problem[] = [];
  const rule = (id: string): RuleDraft => {
    const { condition, logic, typed, problems: found } = readCondition(form, `${id}.when`);
    problems.push(...found);
    return {
      id,
      when: condition,
      typed,
      give: outcome(id),
      ...(logic === undefined ? {} : { json: JSON.stringify(logic) }),
    };
  };
  const draft: Draft = {
    version: Number(text("version")) || 0,
    type: TYPES.find((type) => type === text("type")) ?? "boolean",
    isEnabled: text("state") !== "DISABLED",
    variants: ids.map((id) => ({ id, name: text(`variant.${id}.name`), value: text(`variant.${id}.value`) })),
    defaultVariant: text("defaultVariant"),
    offVariant: text("offVariant"),
    prerequisites: all("prerequisite-id").map((id) => ({
      id,
      flag: text(`prerequisite.${id}.flag`),
      variants: text(`prerequisite.${id}.variants`),
    })),
    mode: text("mode") === "json" ? "json" : "rules",
    rules: all("rule-id").map(rule),
    otherwise: text("otherwise.kind") === "default" || !form.has("otherwise.kind") ? null : outcome("otherwise"),
    targeting: text("targeting"),
  };
  return { draft, problems };
}
