/** Where a targeting says what it gives: the branches of its conditions and the entries of its shares, at any depth. */
import { operationOf } from "./logic.ts";

export interface ResultPlace {
  /** `rule-1` for the first branch of the outermost `if`, `default` for what is given when none holds. */
  ruleId: string;
  /** A share of people decides whether it is given. */
  isShare: boolean;
  /** From the targeting on, as in a JSON pointer (RFC 6901). */
  path: string;
}

const OUTERMOST: ResultPlace = { ruleId: "default", isShare: false, path: "" };

/** `[c1, r1, c2, r2, otherwise]`; a single argument is the result. */
export const isResultOfIf = (index: number, length: number): boolean =>
  index % 2 === 1 || (index === length - 1 && length % 2 === 1);

/** The same targeting with another result at each place where there is one. */
export function mapResults(
  logic: unknown,
  change: (result: unknown, place: ResultPlace) => unknown,
  place: ResultPlace | null = null,
): unknown {
  const operation = operationOf(logic);
  const { args } = operation ?? {};
  const at = place ?? OUTERMOST;
  if (operation?.operator === "if" && Array.isArray(args))
    return {
      if: args.map((arg: unknown, index) => {
        if (!isResultOfIf(index, args.length)) return arg;
        const ruleId = index % 2 === 1 ? `rule-${(index + 1) / 2}` : "default";
        const next = { ...at, ...(place ? {} : { ruleId }), path: `${at.path}/if/${index}` };
        return mapResults(arg, change, next);
      }),
    };
  if (operation?.operator === "fractional" && Array.isArray(args))
    return {
      fractional: args.map((entry: unknown, index) => {
        if (!Array.isArray(entry) || entry.length === 0) return entry;
        const next = { ...at, isShare: true, path: `${at.path}/fractional/${index}/0` };
        return [mapResults(entry[0], change, next), ...entry.slice(1)];
      }),
    };
  return change(logic, at);
}
