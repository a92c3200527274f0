/** Flags that need other flags: known ones, with variants that they have, and never in a circle. */
import type { Definition, DefinitionProblem } from "./definition.ts";

/** Flags one after another that need the next: more than anybody can follow. */
export const LONGEST_CHAIN = 32;

type Needs = Pick<Definition, "key" | "prerequisites">;

/** A circle of flags that need each other, or a chain that is too long, beginning with this flag. */
function findBadChain(start: Needs, byKey: ReadonlyMap<string, Needs>, good: Set<string>): string[] | null {
  const walk = ({ key, prerequisites }: Needs, before: readonly string[]): string[] | null => {
    if (before.includes(key)) return [...before.slice(before.indexOf(key)), key];
    if (good.has(key)) return null;
    const chain = [...before, key];
    if (chain.length > LONGEST_CHAIN) return chain;
    for (const { flag } of prerequisites) {
      const next = byKey.get(flag);
      const bad = next ? walk(next, chain) : null;
      if (bad) return bad;
    }
    good.add(key);
    return null;
  };
  return walk(start, []);
}

export function checkPrerequisites(flags: readonly Definition[]): DefinitionProblem[] {
  const byKey = new Map(flags.map((flag) => [flag.key, flag]));
  const good = new Set<string>();
  const reported = new Set<string>();
  return flags.flatMap((flag) => {
    const path = `/flags/${flag.key}/prerequisites`;
    const problems = flag.prerequisites.flatMap(({ flag: needed, variants }, index) => {
      const found = byKey.get(needed);
      if (!found) return [{ path: `${path}/${index}`, message: `There is no flag ${needed}.` }];
      return variants
        .filter((variant) => !Object.hasOwn(found.variants, variant))
        .map((variant) => ({
          path: `${path}/${index}`,
          message: `${needed} has no variant ${variant}. It has: ${Object.keys(found.variants).join(", ")}.`,
        }));
    });
    if (flag.prerequisites.length > 0 && flag.offVariant === null)
      problems.push({
        path: `/flags/${flag.key}/offVariant`,
        message: "A flag with prerequisites needs an off-variant: it is what people get while one is missing.",
      });
    const bad = findBadChain(flag, byKey, good);
    const isCircle = bad !== null && bad[0] === bad.at(-1);
    const name = bad?.toSorted().join(" ") ?? "";
    if (bad && !(isCircle && reported.has([...new Set(bad)].toSorted().join(" "))))
      problems.push({
        path,
        message: isCircle
          ? `Flags need each other in a circle: ${bad.join(" -> ")}. Take one of these prerequisites out.`
          : `More than ${LONGEST_CHAIN} flags need one another in a row: ${bad.slice(0, 4).join(" -> ")} and so on. Make the chain shorter.`,
      });
    if (isCircle) reported.add([...new Set(bad)].toSorted().join(" "));
    else if (bad) reported.add(name);
    return problems;
  });
}
