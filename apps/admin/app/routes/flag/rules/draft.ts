/**
 * A flag's values and rules while somebody edits them: what the fields of the form hold, as text where text is typed. The
 * server and the browser read and change it with the same functions, so that the form works without script.
 */
import type { Condition } from "@kombify/flags/rules";
import type { ReadCondition } from "../../../flags/read-condition.ts";

/** A variant has an id of its own, so that rules keep hold of it while its name is typed. */
export type VariantDraft = { id: string; name: string; value: string };
export type OutcomeDraft = {
  kind: "variant" | "split";
  /** Ids of variants, here and in the weights. Empty: none is chosen. */
  variant: string;
  by: string;
  /** Percent as typed. */
  weights: Record<string, string>;
};
export type RuleDraft = {
  id: string;
  when: Condition | null;
  /** What a form sent for its condition. */
  typed?: ReadCondition["typed"];
  /** Its condition as JSON, where lines cannot say it. */
  json?: string;
  give: OutcomeDraft;
};
export type PrerequisiteDraft = { id: string; flag: string; variants: string };

export type Draft = {
  /** Version of the flag that it was made from. */
  version: number;
  type: "boolean" | "string" | "number" | "object";
  isEnabled: boolean;
  variants: VariantDraft[];
  defaultVariant: string;
  offVariant: string;
  prerequisites: PrerequisiteDraft[];
  /** Rules; or JSON, for targeting that is more than rules can say. */
  mode: "rules" | "json";
  rules: RuleDraft[];
  /** Null: the default variant. */
  otherwise: OutcomeDraft | null;
  targeting: string;
};

/** The next id with a prefix: `v3` after `v1` and `v2`. */
export const nextId = (prefix: string, taken: readonly { id: string }[]): string =>
  `${prefix}${1 + Math.max(0, ...taken.map(({ id }) => Number(id.slice(prefix.length)) || 0))}`;

export const emptyOutcome = (variant = ""): OutcomeDraft => ({ kind: "variant", variant, by: "tenantId", weights: {} });

/**
 * Variants in the order of their shares: those that have one as they stand, then the others. The order decides who falls on
 * which share, so an edit never changes it.
 */
export function shareOrder(give: OutcomeDraft, variants: readonly VariantDraft[]): VariantDraft[] {
  const placed = Object.keys(give.weights).flatMap((id) => variants.find((variant) => variant.id === id) ?? []);
  return [...placed, ...variants.filter((variant) => !placed.includes(variant))];
}
