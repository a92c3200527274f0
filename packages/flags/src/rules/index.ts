/** How the editor sees a flag's targeting. Browser-safe: nothing here evaluates. */
export { buildCondition, buildTargeting } from "./build.ts";
export {
  ATTRIBUTES,
  type Condition,
  OPERATORS,
  type Operator,
  type Outcome,
  type Rule,
  type RuleSet,
  WHOLE,
} from "./model.ts";
export { parseCondition, parseTargeting } from "./parse.ts";
export { type Names, sayCondition, sayRuleSet, saySegment, sayTargeting } from "./words.ts";
