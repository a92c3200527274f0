/** What the editor's buttons do, by the form that was sent. Runs on the server. */
import type { Caller } from "@kombify/api";
import { serviceProblemOf } from "@kombify/portal/service-error";
import { data } from "@remix-run/node";
import { type Definition, reviewOf, saveReviewed } from "../review/review.ts";
import { asJson, asRules } from "./change-mode.ts";
import { draftOf } from "./definition-draft.ts";
import type { Draft } from "./draft.ts";
import { definitionOf } from "./draft-definition.ts";
import { editDraft } from "./edit-draft.ts";
import type { SentDraft } from "./editor.tsx";
import { type Problem, readDraft } from "./read-draft.ts";

const STRUCTURAL =
  /^(add-rule|add-variant|add-prerequisite|update|(up|down|remove-rule|remove-variant|remove-prerequisite):[\w-]+)$/;

const sentBack = (draft: Draft, problems: Problem[] = [], message?: string, requestId = ""): { sent: SentDraft } => ({
  sent: { draft, problems, message: message ?? summaryOf(problems), requestId },
});
function summaryOf(problems: Problem[]): string | undefined {
  if (problems.length === 0) return undefined;
  return problems.length === 1 ? "One thing to correct" : `${problems.length} things to correct`;
}

/** @throws whatever has no words for people. */
export async function act(api: Caller, key: string, form: FormData, requestId: string) {
  const intent = String(form.get("intent") ?? "");
  if (intent === "save")
    return saveReviewed(api, key, Object.fromEntries([...form].map(([name, value]) => [name, String(value)])));
  if (intent === "edit") return sentBack(await draftFromReview(api, key, form));
  const { draft, problems } = readDraft(form);
  if (STRUCTURAL.test(intent)) return sentBack(editDraft(draft, intent));
  if (intent === "as-json" || intent === "as-rules") {
    const changed = (intent === "as-json" ? asJson : asRules)(draft);
    const found = [...problems, ...changed.problems];
    return found.length > 0 ? sentBack(draft, found) : sentBack(changed.draft);
  }
  if (intent !== "review")
    throw data({ message: "This form is not one of this page.", requestId: "" }, { status: 400 });
  return review(api, key, draft, problems, requestId);
}

async function review(api: Caller, key: string, draft: Draft, found: Problem[], requestId: string) {
  const { part, problems } = definitionOf(draft);
  const all = [...found, ...problems];
  if (all.length > 0) return sentBack(draft, all);
  const { definition } = await api.flags.get({ key });
  try {
    return { review: await reviewOf(api, key, { ...definition, ...part } as Definition, draft.version) };
  } catch (error) {
    const problem = serviceProblemOf(error);
    if (problem === null || problem.status === 401) throw error;
    const fields = problem.fields.map(({ path, message }) => ({ path: fieldOf(path), message }));
    return sentBack(draft, fields, problem.message, requestId);
  }
}

/** The API names a part of the definition; the editor has a field for most of them. */
const fieldOf = (path: string): string => path.replace(/^definition\./, "").split(".")[0] ?? path;

async function draftFromReview(api: Caller, key: string, form: FormData): Promise<Draft> {
  const flag = await api.flags.get({ key });
  const definition = JSON.parse(String(form.get("definition") ?? "{}")) as Definition;
  const whole = { ...flag.definition, ...definition } as typeof flag.definition;
  return draftOf({ type: flag.type, version: Number(form.get("version")) || 0, definition: whole });
}
