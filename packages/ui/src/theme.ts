/**
 * The one theme of both portals. Colours are chosen for WCAG 2.2 AA: Mantine's own dimmed, placeholder, error and
 * "light" variant colours stay under 4.5:1 on white, so {@link cssVariables} replaces them.
 */
import {
  type CSSVariablesResolver,
  createTheme,
  DEFAULT_THEME,
  type MantineColorsTuple,
  mergeMantineTheme,
} from "@mantine/core";

/** The accent. Shade 6 carries white text at 5.4:1; shade 4 is read on the dark surface at 6.2:1. */
const iris: MantineColorsTuple = [
  "#f1f1fd",
  "#e2e2fa",
  "#c6c6f5",
  "#aaaaf0",
  "#9494ea",
  "#7474e0",
  "#5b5bd6",
  "#4d4dc4",
  "#3f3fa6",
  "#30307f",
];

const gray: MantineColorsTuple = [
  "#f8f8fa",
  "#f1f1f4",
  "#e6e6eb",
  "#d9d9e0",
  "#c4c4ce",
  "#a0a1ad",
  "#757682",
  "#5b5c68",
  "#3d3e48",
  "#1e1f26",
];

const dark: MantineColorsTuple = [
  "#e6e7ec",
  "#c3c5d0",
  "#a3a5b3",
  "#7e8090",
  "#3c3e4a",
  "#30323c",
  "#25272f",
  "#1c1d24",
  "#14151a",
  "#0d0e12",
];

const systemFont =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", "Helvetica Neue", Arial, sans-serif, "Apple Color Emoji", "Segoe UI Emoji", "Noto Color Emoji"';

/** What differs from Mantine's defaults. */
export const theme = createTheme({
  colors: { iris, gray, dark },
  primaryColor: "iris",
  primaryShade: { light: 6, dark: 6 },
  black: "#1e1f26",
  autoContrast: true,
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  fontFamily: systemFont,
  fontFamilyMonospace:
    'ui-monospace, SFMono-Regular, Menlo, "Cascadia Mono", "DejaVu Sans Mono", Consolas, "Liberation Mono", monospace',
  headings: {
    fontFamily: systemFont,
    fontWeight: "650",
    textWrap: "balance",
    sizes: {
      h1: { fontSize: "1.75rem", lineHeight: "1.25" },
      h2: { fontSize: "1.25rem", lineHeight: "1.35" },
      h3: { fontSize: "1.0625rem", lineHeight: "1.4" },
      h4: { fontSize: "1rem", lineHeight: "1.45" },
    },
  },
  shadows: {
    xs: "0 1px 2px rgba(20, 21, 40, 0.06)",
    sm: "0 1px 2px rgba(20, 21, 40, 0.05), 0 2px 8px rgba(20, 21, 40, 0.05)",
    md: "0 2px 4px rgba(20, 21, 40, 0.05), 0 8px 24px rgba(20, 21, 40, 0.08)",
  },
});

/** The whole theme, Mantine's defaults included: what the stylesheet is made from. */
export const fullTheme = mergeMantineTheme(DEFAULT_THEME, theme);

/** CSS variables beyond Mantine's own, and those of Mantine that fail AA. */
export const cssVariables: CSSVariablesResolver = (full) => {
  const light: Record<string, string> = {
    "--mantine-color-body": "#fafafc",
    "--mantine-color-dimmed": "var(--mantine-color-gray-7)",
    "--mantine-color-placeholder": "var(--mantine-color-gray-6)",
    "--mantine-color-error": "var(--mantine-color-red-9)",
    "--mantine-color-default-border": "var(--mantine-color-gray-3)",
    "--mantine-color-red-filled": "var(--mantine-color-red-9)",
    "--mantine-color-red-filled-hover": "#b02525",
    "--kombify-surface": "#ffffff",
    "--kombify-surface-sunken": "var(--mantine-color-gray-1)",
    "--kombify-line": "var(--mantine-color-gray-2)",
    "--kombify-field-line": "#8b8c99",
  };
  const dark: Record<string, string> = {
    "--mantine-color-body": "var(--mantine-color-dark-8)",
    "--mantine-color-error": "var(--mantine-color-red-5)",
    "--mantine-color-placeholder": "#9193a1",
    "--mantine-color-red-filled": "var(--mantine-color-red-9)",
    "--mantine-color-red-filled-hover": "#b02525",
    "--kombify-surface": "var(--mantine-color-dark-7)",
    "--kombify-surface-sunken": "var(--mantine-color-dark-9)",
    "--kombify-line": "var(--mantine-color-dark-5)",
    "--kombify-field-line": "#6c6e7d",
  };
  for (const color of Object.keys(full.colors)) {
    if (color === "dark") continue;
    const [lightText, darkText] = color === "iris" ? [7, 3] : color === "gray" ? [8, 3] : [9, 3];
    light[`--mantine-color-${color}-light-color`] = `var(--mantine-color-${color}-${lightText})`;
    light[`--mantine-color-${color}-text`] = `var(--mantine-color-${color}-${lightText})`;
    dark[`--mantine-color-${color}-light-color`] = `var(--mantine-color-${color}-${darkText})`;
    dark[`--mantine-color-${color}-text`] = `var(--mantine-color-${color}-${darkText})`;
  }
  // Mantine's orange and yellow are too light at shade 9 for text on their own tint.
  for (const [color, text] of [
    ["yellow", "#8a4b00"],
    ["orange", "#a33c00"],
    ["green", "#1f6b2e"],
    ["teal", "#06664a"],
  ] as const) {
    light[`--mantine-color-${color}-light-color`] = text;
    light[`--mantine-color-${color}-text`] = text;
  }
  return { variables: {}, light, dark };
};
