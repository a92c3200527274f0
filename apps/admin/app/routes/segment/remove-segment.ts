/** Removing a segment, once its name was typed. Runs on the server. */
import { type FormProblem, refusedForm } from "@kombify/portal/form-problem";
import { type AppLoadContext, data, redirect } from "@remix-run/node";

export async function removeSegment(request: Request, sent: FormData, context: AppLoadContext, key: string) {
  if (String(sent.get("typedName") ?? "").trim() !== key) {
    const message = `Nothing was removed: what was typed is not ${key}.`;
    const removal: FormProblem = { message, fields: [{ path: "typedName", message }], values: {}, requestId: "" };
    return data({ removal }, { status: 400 });
  }
  try {
    await context.api.flags.removeSegment({ key });
  } catch (error) {
    const refused = refusedForm(error, {}, context.requestId, { request });
    return data({ removal: refused.data.problem }, refused.init ?? {});
  }
  return redirect("/flags/segments");
}
