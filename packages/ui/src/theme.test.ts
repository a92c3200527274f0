import { expect, test } from "vitest";
import { fullTheme } from "./theme.ts";
import { themeCss } from "./theme-css.ts";

test("the stylesheet holds what the theme says", async () => {
  await expect(themeCss()).toMatchFileSnapshot("./theme.css");
});

/** Contrast ratio of two #rrggbb colours (WCAG 2.2, definition of contrast ratio). */
function contrast(a: string, b: string): number {
  const luminance = (hex: string) => {
    const channels = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
    const [r, g, blue] = channels.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * blue!;
  };
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high! + 0.05) / (low! + 0.05);
}

test.each([
  ["white on the accent", "#ffffff", fullTheme.colors.iris![6]!],
  ["a link on the page", fullTheme.colors.iris![6]!, "#fafafc"],
  ["a link on the dark surface", fullTheme.colors.iris![4]!, fullTheme.colors.dark[7]!],
  ["dimmed text on the page", fullTheme.colors.gray[7]!, "#fafafc"],
  ["dimmed text on the dark surface", fullTheme.colors.dark[2]!, fullTheme.colors.dark[7]!],
  ["an error on the page", fullTheme.colors.red[9]!, "#fafafc"],
  ["an error on the dark surface", fullTheme.colors.red[5]!, fullTheme.colors.dark[7]!],
])("%s is readable (4.5:1 or more)", (_what, text, ground) => {
  expect(contrast(text, ground)).toBeGreaterThanOrEqual(4.5);
});
