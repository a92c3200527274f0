/**
 * "12:05" until a moment; null once it has come. A token's lifetime never reaches an hour.
 * @param untilMs, nowMs milliseconds since the epoch.
 */
export function countdown(untilMs: number, nowMs: number): string | null {
  const seconds = Math.ceil((untilMs - nowMs) / 1_000);
  if (seconds <= 0) return null;
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
