/** The scale of a chart of counts. */

/** Steps that people count in: 1, 2 or 5 times a power of ten. */
function stepFor(max: number, steps: number): number {
  const rough = Math.max(1, max / steps);
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough) ?? 10 * power;
}

/** Whole numbers from 0 to at least `max`, at most `steps` + 1 of them; never only 0. */
export function countTicks(max: number, steps = 4): number[] {
  const step = stepFor(max, steps);
  const count = Math.max(1, Math.ceil(max / step));
  return Array.from({ length: count + 1 }, (_, at) => at * step);
}

/** "23 Nov" of YYYY-MM-DD. */
export function dayText(day: string): string {
  return new Date(`${day}T00:00:00Z`).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
}
