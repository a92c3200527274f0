import type { ImportedFlagsView } from "@kombify/api/schemas";
import { counted } from "../../flags/flag-words.ts";

const OUTCOMES = ["created", "updated", "removed", "waiting_for_approval", "unchanged"] as const;
const WORDS: Record<(typeof OUTCOMES)[number], string> = {
  created: "new",
  updated: "changed",
  removed: "removed",
  waiting_for_approval: "waiting for a second person",
  unchanged: "unchanged",
};

/** An import in one sentence: "2 flags new, 1 segment changed, 14 flags unchanged." */
export function importSummary({ items }: ImportedFlagsView): string {
  if (items.every(({ outcome }) => outcome === "unchanged"))
    return items.length === 0 ? "The file is empty." : "Everything in the file is as it is here already.";
  const parts = OUTCOMES.flatMap((outcome) =>
    (["flag", "segment"] as const).flatMap((noun) => {
      const count = items.filter((item) => item.noun === noun && item.outcome === outcome).length;
      return count === 0 ? [] : [`${counted(count, noun, `${noun}s`)} ${WORDS[outcome]}`];
    }),
  );
  return `${parts.join(", ")}.`;
}
