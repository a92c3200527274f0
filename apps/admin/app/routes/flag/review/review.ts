/** A change as it is looked at before it is saved, and its saving. Runs on the server. */
import type { Caller } from "@kombify/api";
import type { FlagHistoryView, FlagOutcomeView, FlagPreviewView } from "@kombify/api/schemas";
import { serviceProblemOf } from "@kombify/portal/service-error";
import { outcomeWords } from "../outcome-words.ts";

type SaveInput = Parameters<Caller["flags"]["save"]>[0];
export type Definition = SaveInput["definition"];
type Version = FlagHistoryView["items"][number];

export type Review = {
  /** What would be saved, as JSON: it travels with the form. */
  definition: string;
  /** The version that it replaces. */
  version: number;
  preview: FlagPreviewView;
  note: string;
  scheduledAt: string;
  /** What others have saved since the change was begun. */
  others: Version[];
  /** Why it was not saved. */
  message: string | null;
};

/** @throws ServiceError when the definition is not one that could be saved. */
export async function reviewOf(
  { flags }: Caller,
  key: string,
  definition: Definition,
  version: number,
): Promise<Review> {
  const preview = await flags.preview({ key, definition });
  const current = await flags.get({ key });
  return {
    definition: JSON.stringify(definition),
    // Whoever saves after this has seen what it replaces.
    version: current.version,
    preview,
    note: "",
    scheduledAt: "",
    others: current.version === version ? [] : await versionsSince(flags, key, version),
    message: null,
  };
}

async function versionsSince(flags: Caller["flags"], key: string, version: number): Promise<Version[]> {
  const { items } = await flags.history({ key, limit: 50 });
  return items.filter((each) => each.version > version);
}

/** A moment as a browser's field sends it, which we ask for in UTC. What is none goes on as it is, to be refused. */
const momentOf = (typed: string): Date | null =>
  typed.trim() === "" ? null : new Date(/^[\d-]+T[\d:]+$/.test(typed) ? `${typed}Z` : typed);

type Saved = { done: string } | { review: Review };

/**
 * Saves what was reviewed. Where somebody else was faster, or it is refused, the review comes back with everything in it.
 * @throws whatever has no words for people.
 */
export async function saveReviewed(api: Caller, key: string, values: Record<string, string>): Promise<Saved> {
  const { definition = "{}", note = "", scheduledAt = "" } = values;
  const version = Number(values.version) || 0;
  const wanted = JSON.parse(definition) as Definition;
  const moment = momentOf(scheduledAt);
  const again = async (message: string | null) => {
    const review = await reviewOf(api, key, wanted, version);
    return { review: { ...review, note, scheduledAt, message } };
  };
  if (moment !== null && Number.isNaN(moment.getTime()))
    return again("The time cannot be read. Enter it as 2027-01-31T06:00.");
  try {
    const outcome = await api.flags.save({ key, definition: wanted, version, note, scheduledAt: moment });
    return { done: outcomeWords(outcome, savedWords(outcome)) };
  } catch (error) {
    const problem = serviceProblemOf(error);
    if (problem === null || problem.status === 401) throw error;
    if (problem.code === "CONFLICT") {
      const made = await again(null);
      // A conflict of another kind, such as a change that waits, has words of its own.
      return made.review.others.length > 0 ? made : { review: { ...made.review, message: problem.message } };
    }
    return again([problem.message, ...problem.fields.map(({ message }) => message)].join(" "));
  }
}

const savedWords = ({ flag }: FlagOutcomeView): string =>
  `Saved${flag ? ` as version ${flag.version}` : ""}. The Rollout tab shows which hosts have it.`;
