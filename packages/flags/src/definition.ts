/**
 * What a flag has to be before anybody gets it: flagd's own schema, and what flagd would only notice when it evaluates. At
 * save it is what staff read beside the field, and at apply it keeps a broken flag away from everybody.
 */

import type { SourceFlag } from "./compile.ts";
import { checkLimits } from "./limits.ts";
import { isObject } from "./logic.ts";
import { checkPrerequisites } from "./prerequisites.ts";
import { findSchemaProblem } from "./schema-problem.ts";
import { checkTargeting } from "./targeting-problem.ts";

export interface DefinitionProblem {
  /** JSON pointer (RFC 6901): `/flags/new-dashboard/targeting/if/0`, `/segments/staff`. */
  path: string;
  /** What is wrong, and what would be right. */
  message: string;
}

export type Definition = Omit<SourceFlag, "isKilled">;

/** Words that evaluations use themselves in metadata. */
const OUR_METADATA = ["ruleId", "prerequisite", "decidedBy"];

const typeOf = (value: unknown): string =>
  isObject(value) ? "JSON object" : Array.isArray(value) ? "list" : value === null ? "null" : typeof value;
const TYPES = ["boolean", "string", "number", "JSON object"];

function checkVariants({ variants, defaultVariant, offVariant }: Definition): DefinitionProblem[] {
  const entries = Object.entries(variants);
  const [first] = entries;
  if (!first) return [{ path: "/variants", message: "A flag needs a variant, such as on with the value true." }];
  const names = entries.map(([name]) => name).join(", ");
  const wrong = entries.find(([, value]) => !TYPES.includes(typeOf(value)));
  const other = entries.find(([, value]) => typeOf(value) !== typeOf(first[1]));
  return [
    ...(wrong
      ? [
          {
            path: `/variants/${wrong[0]}`,
            message: `The value of ${wrong[0]} is a ${typeOf(wrong[1])}. Use a boolean, a string, a number or a JSON object.`,
          },
        ]
      : other
        ? [
            {
              path: `/variants/${other[0]}`,
              message: `All variants are of one type: ${first[0]} is a ${typeOf(first[1])}, ${other[0]} a ${typeOf(other[1])}.`,
            },
          ]
        : []),
    ...(["defaultVariant", "offVariant"] as const).flatMap((field) => {
      const name = field === "defaultVariant" ? defaultVariant : offVariant;
      return name === null || Object.hasOwn(variants, name)
        ? []
        : [{ path: `/${field}`, message: `There is no variant ${name}. Choose one of: ${names}.` }];
    }),
  ];
}

const checkMetadata = ({ metadata }: Definition): DefinitionProblem[] =>
  OUR_METADATA.filter((name) => Object.hasOwn(metadata, name)).map((name) => ({
    path: `/metadata/${name}`,
    message: `Evaluations say ${name} themselves. Call it something else.`,
  }));

function checkFlag(flag: Definition, segments: Readonly<Record<string, unknown>>): DefinitionProblem[] {
  const limits = checkLimits(flag);
  if (limits.length > 0) return limits;
  const problems = [...checkVariants(flag), ...checkMetadata(flag), ...checkTargeting(flag, segments)];
  return problems.length > 0 ? problems : findSchemaProblem(flag, segments);
}

/** A segment is a condition: it is looked at as the first branch of a flag that gives nothing. */
const asFlag = (key: string, logic: unknown): Definition => ({
  key,
  state: "ENABLED",
  variants: { on: true },
  defaultVariant: "on",
  targeting: { if: [logic, "on"] },
  metadata: {},
  offVariant: null,
  prerequisites: [],
});

/**
 * Everything that is wrong with flags and the segments that they name; empty where nothing is. Flags are looked at together:
 * prerequisites point from one to another.
 */
export function checkDefinitions({
  flags,
  segments,
}: {
  flags: readonly Definition[];
  segments: Readonly<Record<string, unknown>>;
}): DefinitionProblem[] {
  const under = (place: string) => (problem: DefinitionProblem) => ({ ...problem, path: `${place}${problem.path}` });
  return [
    ...Object.entries(segments).flatMap(([key, logic]) =>
      checkFlag(asFlag(key, logic), segments)
        .map((problem) => ({ ...problem, path: problem.path.replace(/^\/targeting\/if\/0/, "") }))
        .map(under(`/segments/${key}`)),
    ),
    ...flags.flatMap((flag) => checkFlag(flag, segments).map(under(`/flags/${flag.key}`))),
    ...checkPrerequisites(flags),
  ];
}
