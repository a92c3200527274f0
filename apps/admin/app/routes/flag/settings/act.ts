/** What the settings' forms do. Runs on the server. */
import type { Caller } from "@kombify/api";
import type { FlagView } from "@kombify/api/schemas";
import type { FormProblem } from "@kombify/portal/form-problem";
import { serviceProblemOf } from "@kombify/portal/service-error";
import { data, redirect } from "@remix-run/node";
import { outcomeWords } from "../outcome-words.ts";
import { type Definition, reviewOf, saveReviewed } from "../review/review.ts";
import { readSettings, settingsValues } from "./read-settings.ts";

const refused = (problem: FormProblem) => data({ problem }, { status: 400 });

/** @throws whatever has no words for people; of the rest what its form cannot show. */
export async function act(api: Caller, key: string, values: Record<string, string>, requestId: string) {
  switch (values.intent) {
    case "review":
      return review(api, key, values, requestId);
    case "save":
      return saveReviewed(api, key, values);
    case "edit": {
      const definition = JSON.parse(values.definition ?? "{}") as FlagView["definition"];
      return { typed: { ...settingsValues(definition), version: values.version ?? "" } };
    }
    case "remove": {
      if (values.typedKey?.trim() !== key) {
        const message = `Nothing was removed: what was typed is not ${key}.`;
        return refused({ message, fields: [{ path: "typedKey", message }], values, requestId: "" });
      }
      const outcome = await api.flags.remove({ key, note: values.note ?? "" });
      return outcome.outcome === "saved" ? redirect("/flags") : { done: outcomeWords(outcome, "") };
    }
    default:
      throw data({ message: "This form is not one of this page.", requestId: "" }, { status: 400 });
  }
}

async function review(api: Caller, key: string, values: Record<string, string>, requestId: string) {
  const flag = await api.flags.get({ key });
  const { definition, problems } = readSettings(values, flag.definition as Definition);
  if (problems.length > 0) {
    const message = problems.length === 1 ? "One thing to correct" : `${problems.length} things to correct`;
    return refused({ message, fields: problems, values, requestId });
  }
  try {
    return { review: await reviewOf(api, key, definition, Number(values.version) || 0) };
  } catch (error) {
    const problem = serviceProblemOf(error);
    if (problem === null || problem.status === 401) throw error;
    const fields = problem.fields.map(({ path, message }) => ({ path: path.replace(/^definition\./, ""), message }));
    return refused({ message: problem.message, fields, values, requestId });
  }
}
