/** Saving what the form of a segment says. Runs on the server. */

import { buildCondition } from "@kombify/flags/rules";
import { type FormProblem, refusedForm, textFields } from "@kombify/portal/form-problem";
import type { AppLoadContext } from "@remix-run/node";
import { data } from "@remix-run/node";
import { readCondition } from "../../flags/read-condition.ts";

/**
 * Saves, unless something is to be corrected first.
 * @param key of the segment; undefined for a new one, which says it itself.
 * @returns its key and new version, or what to show when it was refused.
 */
export async function saveSegment(request: Request, sent: FormData, context: AppLoadContext, key: string | undefined) {
  const values = textFields(sent);
  const { condition, logic, problems, typed } = readCondition(sent, "when");
  const shown = { values, typed };
  const refuse = (fields: FormProblem["fields"], message?: string) => {
    const words = message ?? (fields.length === 1 ? "One thing to correct" : `${fields.length} things to correct`);
    const problem: FormProblem = { message: words, fields, values, requestId: context.requestId };
    return data({ ...shown, problem }, { status: 400 });
  };
  if (problems.length > 0) return refuse(problems);
  if (condition === null && logic === undefined)
    return refuse([{ path: "when.0.attribute", message: "A segment needs a condition, such as plan is pro." }]);
  try {
    const saved = await context.api.flags.saveSegment({
      key: key ?? values.key ?? "",
      description: values.description ?? "",
      // Whatever it is, the schema judges it.
      logic: (logic ?? buildCondition(condition!)) as Record<string, never>,
      version: key === undefined ? 0 : Number(values.version),
      note: values.note ?? "",
    });
    return { key: saved.key, version: saved.version };
  } catch (error) {
    const refused = refusedForm(error, values, context.requestId, { request });
    const { problem } = refused.data;
    const fields = problem.fields.map(({ path, message }) => ({
      path: path.startsWith("logic") ? (logic === undefined ? "when.0.attribute" : "when.json") : path,
      message,
    }));
    return data({ ...shown, problem: { ...problem, fields } }, refused.init ?? {});
  }
}
