/** For whom a flag is tried, as the form says it, and the answer. Runs on the server. */
import type { Caller } from "@kombify/api";
import type { PlaygroundView } from "@kombify/api/schemas";
import { serviceProblemOf } from "@kombify/portal/service-error";

type Input = Parameters<Caller["flags"]["playground"]>[0];

export type Question = { tenant: string; plan: string; person: string; context: string };
export type Answer = {
  question: Question;
  result: PlaygroundView | null;
  problem: { message: string; fields: { path: string; message: string }[] } | null;
};

export const EMPTY_QUESTION: Question = { tenant: "", plan: "", person: "", context: "" };

/** @param read a field by its name. */
export function questionFrom(read: (name: string) => string): Question {
  return { tenant: read("tenant"), plan: read("plan"), person: read("person"), context: read("context") };
}

/** @throws whatever has no words for people. */
export async function ask({ flags }: Caller, key: string, question: Question, definition?: Input["definition"]) {
  const context = contextOf(question);
  if (context === null) {
    const message = 'Enter a JSON object, such as {"version": "1.4.0"}.';
    return refused(question, "One thing to correct", [{ path: "context", message }]);
  }
  const { tenant, plan } = question;
  try {
    const result = await flags.playground({
      key,
      context,
      ...(tenant.trim() === "" ? {} : { tenant }),
      ...(plan === "" ? {} : { plan: plan as NonNullable<Input["plan"]> }),
      ...(definition === undefined ? {} : { definition }),
    });
    return { question, result, problem: null };
  } catch (error) {
    const problem = serviceProblemOf(error);
    if (problem === null || problem.status === 401) throw error;
    return refused(question, problem.message, problem.fields);
  }
}

const refused = (question: Question, message: string, fields: { path: string; message: string }[]): Answer => ({
  question,
  result: null,
  problem: { message, fields },
});

function contextOf({ person, context }: Question): Input["context"] | null {
  // A person's id is both what rules call them and what shares go by.
  const who: Record<string, string> =
    person.trim() === "" ? {} : { userId: person.trim(), targetingKey: person.trim() };
  if (context.trim() === "") return who;
  try {
    const more: unknown = JSON.parse(context);
    if (typeof more !== "object" || more === null || Array.isArray(more)) return null;
    return { ...who, ...more } as Input["context"];
  } catch {
    return null;
  }
}
