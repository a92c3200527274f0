/** What the forms of the page do. Runs on the server. */
import type { Caller } from "@kombify/api";
import type { TokenScope } from "@kombify/api/schemas";
import { type FormProblem, refusedForm, textFields } from "@kombify/portal/form-problem";
import { pageAnswer } from "@kombify/portal/service-error";
import { data } from "@remix-run/node";
import { endOfLifetime } from "./words.ts";

/** A refusal that is found here and not by the API: the name that was typed is another one. */
function wrongName(name: string) {
  const message = `Nothing was revoked: the name that was typed is not ${name}.`;
  const problem: FormProblem = { message, fields: [], values: {}, requestId: "" };
  return data({ problem }, { status: 400 });
}

/** @throws Response when nobody is signed in, or there is no such token. */
export async function handleTokenForm(request: Request, context: { api: Caller; requestId: string }) {
  const { tokens } = context.api;
  const form = await request.formData();
  const values = textFields(form);
  if (values.intent === "revoke") {
    const { id = "", typedName = "" } = values;
    const { items } = await pageAnswer(request, context.requestId, tokens.list());
    const token = items.find((one) => one.id === id);
    if (!token) throw data(null, { status: 404 });
    if (typedName.trim() !== token.name) return wrongName(token.name);
    await pageAnswer(request, context.requestId, tokens.revoke({ id }));
    return { revoked: token.name };
  }
  // What was chosen are text until the API has looked at them.
  const scopes = form.getAll("scopes").map(String) as TokenScope[];
  const expiresAt = endOfLifetime(values.expiresAt, Date.now());
  try {
    return { made: await tokens.create({ name: values.name ?? "", scopes, ...(expiresAt ? { expiresAt } : {}) }) };
  } catch (error) {
    return refusedForm(error, { ...values, scopes: scopes.join(" ") }, context.requestId, { request });
  }
}
