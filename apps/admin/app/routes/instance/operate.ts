/** What operators do to an instance, by the form that was sent. Runs on the server. */
import type { Caller } from "@kombify/api";
import type { JoinTokenView } from "@kombify/api/schemas";
import type { FormProblem } from "@kombify/portal/form-problem";
import { data, redirect } from "@remix-run/node";

type Outcome =
  | { done: string }
  | { token: JoinTokenView }
  | ReturnType<typeof data<{ problem: FormProblem }>>
  | ReturnType<typeof redirect>;

/** A refusal that is found here and not by the API: the name that was typed is another one. */
function wrongName(name: string) {
  const message = `Nothing was changed: the name that was typed is not ${name}.`;
  const problem: FormProblem = { message, fields: [{ path: "typedName", message }], values: {}, requestId: "" };
  return data({ problem }, { status: 400 });
}

/** @throws ServiceError whatever the API refuses. */
export async function operate(api: Caller, id: string, values: Record<string, string>): Promise<Outcome> {
  const { intent, typedName = "" } = values;
  const { instances } = api;
  switch (intent) {
    case "cordon": {
      const { name } = await instances.cordon({ id });
      return { done: `${name} is cordoned: its tenants stay, new ones are placed elsewhere.` };
    }
    case "uncordon": {
      const { name } = await instances.uncordon({ id });
      return { done: `${name} takes new tenants again.` };
    }
    case "join-token":
      return { token: await instances.createJoinToken({ id }) };
    case "revoke":
    case "remove": {
      const { name } = await instances.get({ id });
      if (typedName.trim() !== name) return wrongName(name);
      if (intent === "remove") {
        await instances.remove({ id });
        return redirect("/instances");
      }
      await instances.revoke({ id });
      return { done: `The agent of ${name} is cut off. Its Stack goes on serving what it has.` };
    }
    default:
      throw data({ message: "This form is not one of this page.", requestId: "" }, { status: 400 });
  }
}
