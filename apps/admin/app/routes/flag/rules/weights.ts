/** Shares as people type them: percent with up to three decimals; as rules keep them: thousandths of a percent. */
import { WHOLE } from "@kombify/flags/rules";

/** What was typed as thousandths of a percent; nothing counts as 0. Null: it is no share. */
export function weightOf(typed: string): number | null {
  const text = typed.trim().replace(",", ".").replace(/\s*%$/, "");
  if (text === "") return 0;
  if (!/^\d{1,3}(\.\d{1,3})?$/.test(text)) return null;
  const weight = Math.round(Number(text) * 1000);
  return weight <= WHOLE ? weight : null;
}

/** "12.5" of 12,500. */
export const percentText = (weight: number): string => String(weight / 1000);

/** What is wrong with shares that should be the whole together; null when nothing is. */
export function sumProblem(weights: readonly number[]): string | null {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (sum === WHOLE) return null;
  const off = percentText(Math.abs(WHOLE - sum));
  return `The shares are ${percentText(sum)} % together: ${off} % ${sum < WHOLE ? "are missing" : "are too many"}.`;
}
