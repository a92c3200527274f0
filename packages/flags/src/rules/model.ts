/**
 * Rules as people think of them: the first whose condition holds gives its outcome. Any targeting that was built from rules
 * reads back as the same rules; one that was written by hand may be more than that, and is edited as JSON.
 */

/**
 * flagd's operations, by the names that the editor has for them. `one of` and `none of` take a list; `matches version`
 * compares by semver with `=`, `!=`, `<`, `<=`, `>`, `>=`, `^` (same major), `~` (same minor) before the version, such as
 * `>=1.4.0`.
 */
export const OPERATORS = [
  "is",
  "is not",
  "one of",
  "none of",
  "contains",
  "starts with",
  "ends with",
  "greater than",
  "at least",
  "less than",
  "at most",
  "matches version",
  "is set",
  "is not set",
] as const;
export type Operator = (typeof OPERATORS)[number];

/** What is known of everybody, and what a client commonly says; any other attribute may be named too, with dots for parts. */
export const ATTRIBUTES = [
  "plan",
  "tenant",
  "tenantId",
  "userId",
  "version",
  "instance",
  "region",
  "targetingKey",
  "email",
] as const;

type Scalar = string | number | boolean;

export type Condition =
  | { kind: "compare"; attribute: string; operator: Operator; value: Scalar | Scalar[] | null }
  | { kind: "segment"; segment: string }
  | { kind: "all" | "any"; conditions: Condition[] }
  | { kind: "not"; condition: Condition };

/** Thousandths of a percent. */
export const WHOLE = 100_000;

/** What a rule gives: a variant, or shares of people, always the same for the same `by` (`tenantId`, `userId`, ...). */
export type Outcome =
  | { kind: "variant"; variant: string }
  /** Weights are whole numbers; together {@link WHOLE}. */
  | { kind: "split"; by: string; weights: { variant: string; weight: number }[] };

export interface Rule {
  /** Null: everybody. */
  when: Condition | null;
  give: Outcome;
}

export interface RuleSet {
  rules: Rule[];
  /** Null: the default variant. */
  otherwise: Outcome | null;
}
