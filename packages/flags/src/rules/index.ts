/** How the editor sees a flag's targeting. Browser-safe: nothing here evaluates. */
export type { Condition, Operator, Outcome, Rule, RuleSet } from "./model.ts";
