/** What to call the fields of the editor in a list of what is wrong. */
import type { Draft } from "./draft.ts";
import type { Problem } from "./read-draft.ts";

export function problemLabels(draft: Draft, problems: readonly Problem[]): Record<string, string> {
  return Object.fromEntries(problems.map(({ path }) => [path, labelOf(draft, path)]));
}

function labelOf(draft: Draft, path: string): string {
  const [first = "", id = ""] = path.split(".");
  const rule = draft.rules.findIndex((each) => each.id === first);
  if (rule >= 0) return `Rule ${rule + 1}`;
  if (first === "variant") return `Variant ${draft.variants.find((each) => each.id === id)?.name || "without a name"}`;
  if (first === "prerequisite") return "Prerequisite";
  if (first === "otherwise") return draft.rules.length > 0 ? "Otherwise" : "Everybody";
  return LABELS[path] ?? path;
}

const LABELS: Record<string, string> = {
  targeting: "Targeting",
  "add-variant": "Variants",
  defaultVariant: "Default variant",
  offVariant: "Off variant",
};
