/** JSONLogic as flagd reads it: an object with one key is an operation, everything else is what it says. */

/** What flagd's schema of targeting knows (flagd.dev/schema/v0/targeting.json), in the order of its documentation. */
export const TARGETING_OPERATORS: readonly string[] = [
  ...["if", "and", "or", "!", "!!", "==", "===", "!=", "!==", "<", "<=", ">", ">="],
  ...["in", "cat", "substr", "starts_with", "ends_with", "sem_ver", "fractional", "var", "missing", "missing_some"],
  ...["+", "-", "*", "/", "%", "min", "max", "merge", "map", "filter", "reduce", "all", "none", "some"],
];
const known = new Set(TARGETING_OPERATORS);

export const isKnownOperator = (name: string): boolean => known.has(name);

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** An operation and what it is given; null for a value. The engine looks at the first key. */
export function operationOf(logic: unknown): { operator: string; args: unknown } | null {
  if (!isObject(logic)) return null;
  const [operator] = Object.keys(logic);
  return operator === undefined ? null : { operator, args: logic[operator] };
}

/** A single argument may stand without its list. */
export const argumentsOf = (args: unknown): unknown[] => (Array.isArray(args) ? args : [args]);

/** Attribute that `{"var": ...}` reads; null for anything else. */
export function attributeOf(logic: unknown): string | null {
  const operation = operationOf(logic);
  if (operation?.operator !== "var") return null;
  const [name] = argumentsOf(operation.args);
  return typeof name === "string" || typeof name === "number" ? String(name) : null;
}

/** Every operation in it, itself first, each with its place. */
export function* operationsIn(
  logic: unknown,
  path = "",
): Generator<{ node: Record<string, unknown>; operator: string; args: unknown; path: string }> {
  if (Array.isArray(logic)) {
    for (const [index, item] of logic.entries()) yield* operationsIn(item, `${path}/${index}`);
    return;
  }
  const operation = operationOf(logic);
  if (!operation) return;
  yield { node: logic as Record<string, unknown>, ...operation, path };
  yield* operationsIn(operation.args, `${path}/${operation.operator}`);
}
