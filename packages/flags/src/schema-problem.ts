/** flagd's own schema of a flag, whose validator answers in hundreds of lines: the one that leads furthest is said. */
import { MemoryStorage } from "@openfeature/flagd-core";
import type { Definition, DefinitionProblem } from "./definition.ts";
import { isKnownOperator } from "./logic.ts";
import { QUIET } from "./quiet.ts";
import { writeOutSegments } from "./segments.ts";

interface SchemaError {
  instancePath: string;
  keyword: string;
  params: Record<string, unknown>;
  message?: string;
}

/** How operators are written that people get wrong. */
const USAGE: Record<string, string> = {
  sem_ver:
    '{"sem_ver": [{"var": "version"}, ">=", "1.4.0"]} with = != > < >= <= ~ or ^, and a version of three numbers',
  starts_with: '{"starts_with": [{"var": "email"}, "admin"]}',
  ends_with: '{"ends_with": [{"var": "email"}, "@example.com"]}',
  fractional: '{"fractional": [{"cat": [{"var": "$flagd.flagKey"}, {"var": "userId"}]}, ["on", 10], ["off", 90]]}',
  var: '{"var": "plan"}; of flagd itself there are $flagd.flagKey and $flagd.timestamp',
  if: '{"if": [condition, "on", "off"]}',
  and: '{"and": [condition, condition]}',
  or: '{"or": [condition, condition]}',
  in: '{"in": [{"var": "plan"}, ["pro", "business"]]}',
};
const twoArguments = (operator: string) => `{"${operator}": [{"var": "plan"}, "pro"]}`;
const usageOf = (operator: string): string => USAGE[operator] ?? twoArguments(operator);

function errorsOf(message: string): SchemaError[] {
  try {
    return JSON.parse(message.slice(message.indexOf("["))) as SchemaError[];
  } catch {
    return [];
  }
}

const depthOf = ({ instancePath }: SchemaError): number => instancePath.split("/").length;
/** An alternative that did not fit says nothing: what it would have been is in the others. */
const isVague = ({ keyword }: SchemaError): boolean =>
  ["additionalProperties", "anyOf", "oneOf", "not"].includes(keyword);

function problemOf(message: string): DefinitionProblem {
  const errors = errorsOf(message);
  const [deepest] = errors.toSorted((a, b) => depthOf(b) - depthOf(a) || Number(isVague(a)) - Number(isVague(b)));
  // Past `/flags/<key>`.
  const path = deepest ? `/${deepest.instancePath.split("/").slice(3).join("/")}` : "";
  const operator = path.split("/").findLast((part) => isKnownOperator(part));
  return {
    path: path === "/" ? "" : path,
    message: operator
      ? `"${operator}" is not written like that. It would be ${usageOf(operator)}.`
      : `flagd does not accept it: ${deepest?.message ?? "it is no flag"}.`,
  };
}

/** At most one problem: what comes first hides the rest. */
export function findSchemaProblem(flag: Definition, segments: Readonly<Record<string, unknown>>): DefinitionProblem[] {
  const { key, state, variants, defaultVariant, targeting, metadata } = flag;
  const whole = writeOutSegments(targeting, segments);
  const entry = { state, variants, defaultVariant, targeting: whole, metadata };
  try {
    new MemoryStorage(QUIET, { disableDynamicCodeGeneration: true }).setConfigurations(
      JSON.stringify({ flags: { [key]: entry } }),
      true,
    );
    return [];
  } catch (error) {
    return [problemOf(error instanceof Error ? error.message : String(error))];
  }
}
