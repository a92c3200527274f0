/** Comparing things on a machine that is never quiet: in turn within one run, and medians of what the turns say. */

/** The middle value, or the mean of the two in the middle. @throws RangeError for no values. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("There is no median of nothing.");
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The value that a share of all values does not exceed (nearest rank). @param share 0.95 for p95. */
export function percentile(values: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/**
 * The median of `ours[i] / theirs[i]`: each pair was measured side by side, so that what else the machine did at that
 * moment touches both.
 */
export const medianRatio = (ours: readonly number[], theirs: readonly number[]): number =>
  median(ours.map((value, index) => value / (theirs[index] ?? Number.NaN)));

/**
 * Measures contestants in turn, A B C A B C. The first round warms up and is not counted.
 * @returns for each contestant one sample a round, in the order of the rounds.
 */
export async function takeTurns<K extends string, S>(
  contestants: Record<K, (round: number) => Promise<S>>,
  rounds: number,
): Promise<Record<K, S[]>> {
  const names = Object.keys(contestants) as K[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as S[]])) as Record<K, S[]>;
  for (let round = 0; round <= rounds; round++)
    for (const name of names) {
      const sample = await contestants[name](round);
      if (round > 0) samples[name].push(sample);
    }
  return samples;
}
