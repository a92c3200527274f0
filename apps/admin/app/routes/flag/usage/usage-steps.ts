/** Counts by variant and time, as the columns of a chart. */
import type { FlagUsageView } from "@kombify/api/schemas";

export type UsageStep = { at: Date; total: number; counts: { variant: string; count: number }[] };

/** A column a step, oldest first, each with its variants in the order of the series. */
export function usageSteps({ series }: Pick<FlagUsageView, "series">): UsageStep[] {
  const times = [...new Set(series.flatMap(({ points }) => points.map(({ at }) => at.getTime())))].toSorted(
    (a, b) => a - b,
  );
  const byTime = series.map(({ variant, points }) => ({
    variant,
    counts: new Map(points.map(({ at, count }) => [at.getTime(), count])),
  }));
  return times.map((time) => {
    const counts = byTime.map(({ variant, counts: own }) => ({ variant, count: own.get(time) ?? 0 }));
    return { at: new Date(time), total: counts.reduce((sum, { count }) => sum + count, 0), counts };
  });
}

/** The start of a step in UTC: the hour where there are several in a day, else the day. */
export function stepText(at: Date, stepSeconds: number): string {
  const day = at.toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
  if (stepSeconds >= 86_400) return day;
  const hour = `${String(at.getUTCHours()).padStart(2, "0")}:00`;
  return at.getUTCHours() === 0 ? day : hour;
}

/** What one column stands for: "hour", "6 hours", "day". */
export function stepWords(stepSeconds: number): string {
  if (stepSeconds === 86_400) return "day";
  const hours = Math.round(stepSeconds / 3600);
  return hours <= 1 ? "hour" : `${hours} hours`;
}
