/**
 * The theme as a stylesheet, so that pages carry no generated `<style>`: it is cached, and server rendering does not
 * pay for it. `theme.css` is written from here (`vitest run packages/ui -u`); a test fails when the two differ.
 */
import { convertCssVariables, defaultCssVariablesResolver } from "@mantine/core";
import { cssVariables, fullTheme } from "./theme.ts";

/** Mantine's variables with ours over them, and the classes behind `visibleFrom` and `hiddenFrom`. */
export function themeCss(): string {
  const own = cssVariables(fullTheme);
  const base = defaultCssVariablesResolver(fullTheme);
  const variables = convertCssVariables({
    variables: { ...base.variables, ...own.variables },
    light: { ...base.light, ...own.light },
    dark: { ...base.dark, ...own.dark },
  });
  const visibility = Object.entries(fullTheme.breakpoints).map(([name, from]) => {
    const width = Number.parseFloat(from);
    return [
      `@media (max-width: ${width - 0.00625}em){.mantine-visible-from-${name}{display:none !important;}}`,
      `@media (min-width: ${width}em){.mantine-hidden-from-${name}{display:none !important;}}`,
    ].join("\n");
  });
  const text = `${variables}\n${visibility.join("\n")}`.replaceAll(";", ";\n").replaceAll("{", "{\n");
  return `/* biome-ignore-all format: written by a program */\n/* biome-ignore-all lint: written by a program */\n/* Written from theme.ts by "vitest run packages/ui -u"; do not edit. */\n${text.replace(/\n{2,}/g, "\n")}\n`;
}
