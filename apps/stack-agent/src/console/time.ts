import { type Html, html } from "./html.ts";

const STEPS: ReadonlyArray<readonly [Intl.RelativeTimeFormatUnit, number]> = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "always" });
const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium", timeZone: "UTC" });

/** "3 minutes ago"; "just now" below five seconds. */
export function ago(date: Date, now = Date.now()): string {
  const ms = now - date.getTime();
  if (ms < 5_000) return "just now";
  const [unit, size] = STEPS.find(([, size]) => ms >= size) ?? ["second", 1_000];
  return relative.format(-Math.floor(ms / size), unit);
}

/** How long something took or takes: "0.3 s", "4 min 10 s". Number and unit stay on one line. */
export function span(from: Date, to: Date): string {
  const seconds = Math.max(0, to.getTime() - from.getTime()) / 1000;
  if (seconds < 0.1) return "under 0.1\u00a0s";
  if (seconds < 10) return `${seconds.toFixed(1)}\u00a0s`;
  return seconds < 60
    ? `${Math.round(seconds)}\u00a0s`
    : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** A relative time with the exact one on hover. */
export const time = (date: Date): Html =>
  html`<time datetime="${date.toISOString()}" title="${exact.format(date)} UTC">${ago(date)}</time>`;
