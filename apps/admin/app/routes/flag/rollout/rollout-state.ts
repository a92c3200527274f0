/** Where a flag has arrived, as one of a few states. */
import type { FlagRolloutView } from "@kombify/api/schemas";

export type RolloutInstance = FlagRolloutView["instances"][number];
/** `empty`: nobody lives there who could get it. */
type RolloutState = "refused" | "behind" | "there" | "empty";

export function rolloutState({ tenants, behind, error }: RolloutInstance): RolloutState {
  if (error !== null) return "refused";
  if (tenants === 0) return "empty";
  return behind > 0 ? "behind" : "there";
}

const ORDER: RolloutState[] = ["refused", "behind", "there", "empty"];

/** What needs somebody comes first. */
export const byNeed = (instances: readonly RolloutInstance[]): RolloutInstance[] =>
  instances.toSorted(
    (a, b) =>
      ORDER.indexOf(rolloutState(a)) - ORDER.indexOf(rolloutState(b)) ||
      b.behind - a.behind ||
      (a.name < b.name ? -1 : 1),
  );

/** Instances by state; those where nobody lives do not count. */
export function rolloutCounts(instances: readonly RolloutInstance[]) {
  const count = (state: RolloutState) => instances.filter((each) => rolloutState(each) === state).length;
  const [there, behind, refused] = [count("there"), count("behind"), count("refused")];
  return { there, behind, refused, total: there + behind + refused };
}
