/** What is wrong with a targeting, by the place where it is. */
import type { Definition, DefinitionProblem } from "./definition.ts";
import { DEPTH_LIMIT, findUnfitPart } from "./limits.ts";
import { argumentsOf, attributeOf, isKnownOperator, operationOf, operationsIn, TARGETING_OPERATORS } from "./logic.ts";
import { mapResults } from "./results.ts";
import { SegmentError, segmentKeyOf, writeOutSegments } from "./segments.ts";
import { decideTenantConditions, isYesOrNo } from "./tenant-conditions.ts";

/** flagd's own: weights of a share add up to a 32-bit integer. */
const MOST_WEIGHT = 2 ** 31 - 1;
/** Not attributes but what every object of JavaScript has. */
const NO_ATTRIBUTES = ["__proto__", "constructor", "prototype"];

const at = (path: string, message: string): DefinitionProblem => ({ path: `/targeting${path}`, message });

function checkShares(args: unknown, path: string): DefinitionProblem[] {
  const all = argumentsOf(args);
  const shares = all
    .map((entry, index) => ({ entry, place: `${path}/fractional/${index}` }))
    .slice(Array.isArray(all[0]) ? 0 : 1);
  if (shares.length === 0) return [at(path, 'fractional needs shares, such as ["on", 10], ["off", 90].')];
  let sum = 0;
  for (const { entry, place } of shares) {
    if (!Array.isArray(entry) || entry.length < 1 || entry.length > 2)
      return [at(place, 'A share is a variant and its weight, such as ["on", 10].')];
    const weight = entry.length === 2 ? entry[1] : 1;
    if (typeof weight === "object" && weight !== null) return [];
    if (typeof weight !== "number" || !Number.isInteger(weight) || weight < 0)
      return [at(`${place}/1`, `A weight is a whole number of at least 0, not ${JSON.stringify(weight)}.`)];
    sum += weight;
  }
  if (sum === 0) return [at(path, "All weights are 0, so nobody gets anything. Give one of the variants a weight.")];
  return sum <= MOST_WEIGHT ? [] : [at(path, `The weights add up to ${sum}; at most ${MOST_WEIGHT} is possible.`)];
}

function checkOperations(logic: unknown): DefinitionProblem[] {
  const problems: DefinitionProblem[] = [];
  for (const { node, operator, args, path } of operationsIn(logic)) {
    if (segmentKeyOf(node) !== null) continue;
    if (Object.keys(node).length > 1)
      problems.push(
        at(
          path,
          `One operation at a time: this has ${Object.keys(node).join(", ")}. Join conditions with "and" or "or".`,
        ),
      );
    else if (!isKnownOperator(operator))
      problems.push(at(path, `There is no operator "${operator}". Use one of: ${TARGETING_OPERATORS.join(" ")}.`));
    else if (operator === "fractional") problems.push(...checkShares(args, path));
    const attribute = attributeOf(node);
    if (attribute?.split(".").some((part) => NO_ATTRIBUTES.includes(part)))
      problems.push(at(path, `${attribute} is not an attribute. Use another name.`));
  }
  return problems;
}

function checkResults({ variants }: Definition, targeting: unknown): DefinitionProblem[] {
  const problems: DefinitionProblem[] = [];
  const names = Object.keys(variants).join(", ");
  mapResults(targeting, (result, { path }) => {
    const given = isYesOrNo(result) && typeof result === "object" ? ["true", "false"] : [result];
    for (const name of given)
      if (["string", "number", "boolean"].includes(typeof name) && !Object.hasOwn(variants, String(name)))
        problems.push(
          at(path, `It gives the variant ${String(name)}, which the flag does not have. It has: ${names}.`),
        );
    return result;
  });
  return problems;
}

function checkTenants(targeting: unknown): DefinitionProblem[] {
  const problems: DefinitionProblem[] = [];
  decideTenantConditions(targeting, {
    holds: () => null,
    undecidable: (path) => void problems.push(tenantProblem(path)),
  });
  return problems;
}
const tenantProblem = (path: string): DefinitionProblem =>
  at(
    path,
    'Compare tenantId and tenant with fixed values alone, such as {"in": [{"var": "tenant"}, ["acme"]]}: no host hears of other homelabs.',
  );

/** @param segments that it may refer to. */
export function checkTargeting(flag: Definition, segments: Readonly<Record<string, unknown>>): DefinitionProblem[] {
  const { targeting } = flag;
  if (Object.keys(targeting).length === 0) return [];
  if (operationOf(targeting) === null || segmentKeyOf(targeting) !== null)
    return [at("", "A targeting says which variant is given: begin with if or fractional.")];
  const wrong = checkOperations(targeting);
  if (wrong.length > 0) return wrong;
  try {
    const whole = writeOutSegments(targeting, segments);
    const unfit = findUnfitPart(whole, DEPTH_LIMIT.targeting);
    if (unfit !== null) return [at("", `With its segments written out: ${unfit}`)];
    return [...checkResults(flag, whole), ...checkTenants(whole)];
  } catch (error) {
    if (error instanceof SegmentError) return [at("", error.message)];
    throw error;
  }
}
