/** The colour of a variant: the same on every tab of its flag, by its place among the flag's variants. */
const COLORS = ["iris-6", "cyan-7", "pink-6", "lime-8", "orange-7", "grape-6", "blue-6", "teal-7"];

/** @param variants names of the flag's variants. One that the flag has no longer, and no value, are grey. */
export function variantColor(variants: readonly string[], variant: string): string {
  const at = variants.indexOf(variant);
  return `var(--mantine-color-${at < 0 ? "gray-6" : COLORS[at % COLORS.length]})`;
}
