/** What stands about a flag beside its values and rules, read from the form. */
import type { FlagView } from "@kombify/api/schemas";
import type { Definition } from "../review/review.ts";

type Problem = { path: string; message: string };
type Metadata = FlagView["definition"]["metadata"];

/** @param definition what is kept of the flag: its values and rules. */
export function readSettings(values: Record<string, string>, definition: Definition) {
  const { description = "", owner = "", kind, lifetime, expiresAt = "", isSensitive, metadata: typed = "" } = values;
  const problems: Problem[] = [];
  if (owner.trim() === "")
    problems.push({ path: "owner", message: "Say who answers for it, such as a team or an address." });
  const metadata = metadataFrom(typed);
  if (metadata === null)
    problems.push({
      path: "metadata",
      message: 'Enter a JSON object of texts, numbers, true and false, such as {"ticket": "KB-12"}.',
    });
  const date = dateFrom(expiresAt, definition.expiresAt);
  if (date && Number.isNaN(date.getTime()))
    problems.push({ path: "expiresAt", message: "Enter a date, such as 2027-01-31." });
  const changed = {
    ...definition,
    description,
    owner,
    // A word that is none of the choices goes on as it was sent; the schema refuses it with the words for it.
    kind: kind as Definition["kind"],
    lifetime: lifetime as Definition["lifetime"],
    expiresAt: date,
    isSensitive: isSensitive === "on",
    metadata: metadata ?? {},
  };
  return { definition: changed, problems };
}

/** What was set to the minute over the API stays as it is while its day does. */
function dateFrom(day: string, stored: unknown): Date | null {
  if (day === "") return null;
  return stored instanceof Date && dayOf(stored) === day ? stored : new Date(`${day}T00:00:00Z`);
}

const dayOf = (date: Date): string => date.toISOString().slice(0, 10);

function metadataFrom(typed: string): Metadata | null {
  if (typed.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(typed);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
    const isPlain = Object.values(value).every((each) => ["string", "number", "boolean"].includes(typeof each));
    return isPlain ? (value as Metadata) : null;
  } catch {
    return null;
  }
}

/** What the form shows of a definition. */
export function settingsValues(definition: FlagView["definition"]): Record<string, string> {
  const { description, owner, kind, lifetime, expiresAt, isSensitive, metadata } = definition;
  return {
    description,
    owner,
    kind,
    lifetime,
    expiresAt: expiresAt ? dayOf(new Date(expiresAt)) : "",
    isSensitive: isSensitive ? "on" : "",
    metadata: Object.keys(metadata).length > 0 ? JSON.stringify(metadata, null, 2) : "",
  };
}
