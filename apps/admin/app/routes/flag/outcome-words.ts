/** What became of a change, for the person who made it. */
import type { FlagOutcomeView } from "@kombify/api/schemas";
import { exactUtcText } from "@kombify/ui";

/** @param saved what to say when it is in force already. */
export function outcomeWords({ outcome, change }: FlagOutcomeView, saved: string): string {
  if (outcome === "saved") return saved;
  const at = change?.scheduledAt ? exactUtcText(change.scheduledAt) : null;
  if (outcome === "scheduled") return `Nothing is changed yet: it happens ${at ? `on ${at}` : "at its time"}.`;
  const when = at ? ` It then happens on ${at}, not before.` : "";
  return `Nothing is changed yet: the flag is sensitive, so a second person has to approve it.${when}`;
}
