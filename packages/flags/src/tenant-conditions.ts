/**
 * Conditions on who the tenant is are decided before a document leaves: a host hears whether it is this tenant, and of no
 * other. What cannot be decided without knowing more than the tenant is refused at save, and never holds if it is stored.
 */
import { attributeOf, operationOf, operationsIn } from "./logic.ts";
import { isResultOfIf } from "./results.ts";

const TENANT_ATTRIBUTES: ReadonlySet<string> = new Set(["tenantId", "tenant"]);
const COMPARISONS = new Set([
  ...["==", "===", "!=", "!==", "<", "<=", ">", ">=", "in", "starts_with", "ends_with", "sem_ver", "!", "!!"],
]);
const DECIDABLE = new Set([...COMPARISONS, "and", "or", "if", "cat", "substr", "var"]);

const isTenantVar = (logic: unknown): boolean =>
  TENANT_ATTRIBUTES.has(
    attributeOf(logic)
      ?.replace(/^(\.\.\/)+/, "")
      .split(".")[0] ?? "",
  );

function mentionsTenant(logic: unknown): boolean {
  for (const { node } of operationsIn(logic)) if (isTenantVar(node)) return true;
  return false;
}

function dependsOnTenantAlone(logic: unknown): boolean {
  for (const { node, operator } of operationsIn(logic))
    if (!DECIDABLE.has(operator) || (operator === "var" && !TENANT_ATTRIBUTES.has(attributeOf(node) ?? "")))
      return false;
  return true;
}

function hasText(logic: unknown): boolean {
  if (typeof logic === "string") return true;
  if (Array.isArray(logic)) return logic.some(hasText);
  const operation = operationOf(logic);
  return operation !== null && operation.operator !== "var" && hasText(operation.args);
}

/** It gives true or false, or nothing where flagd cannot compare, and nothing else. */
export function isYesOrNo(logic: unknown): boolean {
  if (typeof logic === "boolean") return true;
  const { operator, args } = operationOf(logic) ?? {};
  if (operator === "and" || operator === "or") return Array.isArray(args) && args.every(isYesOrNo);
  return operator !== undefined && COMPARISONS.has(operator);
}

/** Nobody's address is a version: flagd gives nothing for it, which is not what a condition that does not hold gives. */
function hasVersionOfTenant(logic: unknown): boolean {
  for (const { node, operator } of operationsIn(logic)) if (operator === "sem_ver" && mentionsTenant(node)) return true;
  return false;
}

export interface TenantDecisions {
  /** Whether a condition on the tenant alone holds; null leaves it as it is, and so every branch is looked at. */
  holds(condition: Record<string, unknown>): boolean | null;
  /** Told of logic that compares the tenant with something that only an evaluation knows. */
  undecidable?(path: string): void;
}

/** A targeting without its conditions on the tenant. Branches keep their numbers: one that never holds stays as `false, null`. */
export function decideTenantConditions(targeting: unknown, { holds, undecidable }: TenantDecisions): unknown {
  const listOf = (args: unknown, path: string): unknown[] =>
    (Array.isArray(args) ? args : [args]).map((arg, index) => condition(arg, `${path}/${index}`));

  function condition(logic: unknown, path: string): unknown {
    if (!mentionsTenant(logic)) return logic;
    if (dependsOnTenantAlone(logic)) return holds(logic as Record<string, unknown>) ?? logic;
    const { operator, args } = operationOf(logic) ?? { operator: "", args: [] };
    const inside = `${path}/${operator}`;
    if (operator === "and" || operator === "or") return joined(operator, listOf(args, inside));
    if (operator === "!" || operator === "!!") {
      const [inner] = listOf(args, inside);
      if (typeof inner === "boolean") return operator === "!" ? !inner : inner;
      return { [operator]: Array.isArray(args) ? [inner] : inner };
    }
    if (operator === "if" && Array.isArray(args)) return branches(args, inside, condition);
    if (!hasText(logic)) return logic;
    undecidable?.(path);
    return false;
  }

  /** Without what is settled, but with the same value too where nothing can be compared: that may be a result. */
  function joined(operator: "and" | "or", items: unknown[]): unknown {
    if (operator === "or" && items.includes(true)) return true;
    const until = operator === "and" && items.includes(false) ? items.indexOf(false) + 1 : items.length;
    const open = items
      .slice(0, until)
      .filter((item, index) => typeof item !== "boolean" || (item === false && index === until - 1));
    if (open.length === 0) return operator === "and";
    return open.length === 1 ? open[0] : { [operator]: open };
  }

  function branches(args: unknown[], path: string, branch: (logic: unknown, path: string) => unknown): unknown {
    const kept: unknown[] = [];
    for (let index = 0; index < args.length; index += 2) {
      if (isResultOfIf(index, args.length)) {
        kept.push(branch(args[index], `${path}/${index}`));
        break;
      }
      const when = condition(args[index], `${path}/${index}`);
      kept.push(when, when === false ? null : branch(args[index + 1], `${path}/${index + 1}`));
      if (when === true) break;
    }
    while (kept.length > 2 && kept.length % 2 === 0 && kept.at(-2) === false) kept.splice(-2);
    return { if: kept };
  }

  function result(logic: unknown, path: string): unknown {
    if (!mentionsTenant(logic)) return logic;
    const { operator, args } = operationOf(logic) ?? { operator: "", args: [] };
    if (operator === "if" && Array.isArray(args)) return branches(args, `${path}/if`, result);
    if (operator === "fractional" && Array.isArray(args))
      return {
        fractional: args.map((entry: unknown, index) =>
          Array.isArray(entry)
            ? entry.map((part, place) => result(part, `${path}/fractional/${index}/${place}`))
            : bucket(entry, `${path}/fractional/${index}`),
        ),
      };
    if (isYesOrNo(logic) && !hasVersionOfTenant(logic)) return condition(logic, path);
    undecidable?.(path);
    return null;
  }

  /** What a share goes by may well be the tenant: the host knows that anyway. */
  function bucket(logic: unknown, path: string): unknown {
    const { operator, args } = operationOf(logic) ?? {};
    if (operator === "if" && Array.isArray(args)) return branches(args, `${path}/if`, bucket);
    if (operator === "cat" && Array.isArray(args))
      return { cat: args.map((arg: unknown, index) => bucket(arg, `${path}/cat/${index}`)) };
    if (operator === "var" || !mentionsTenant(logic)) return logic;
    undecidable?.(path);
    return null;
  }

  return result(targeting, "");
}
