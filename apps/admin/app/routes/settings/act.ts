/** What operators do about keys, by the form that was sent. Runs on the server. */
import type { Caller } from "@kombify/api";
import { type RotationKind, WEBHOOK_PROVIDER_NAMES, type WebhookProvider } from "@kombify/api/schemas";
import type { FormProblem } from "@kombify/portal/form-problem";
import { data } from "@remix-run/node";

type Outcome = { done: string } | ReturnType<typeof data<{ problem: FormProblem }>>;

/** A refusal that is found here and not by the API: the name that was typed is another one. */
function wrongName(kind: string) {
  const message = `Nothing was begun: what was typed is not ${kind}.`;
  const problem: FormProblem = { message, fields: [{ path: "typedName", message }], values: {}, requestId: "" };
  return data({ problem }, { status: 400 });
}

/** @throws ServiceError whatever the API refuses, a form with other values than this page's among it. */
export async function act({ rotations, webhooks }: Caller, values: Record<string, string>): Promise<Outcome> {
  const { intent, kind = "", everyDays = "", id = "", provider = "", secret = "" } = values;
  // What somebody made up goes on as it was sent; the schemas refuse it with the words for it.
  switch (intent) {
    case "start":
      if (values.typedName?.trim() !== kind) return wrongName(kind);
      await rotations.start({ kind: kind as RotationKind });
      return { done: "The exchange has begun. Its steps are shown below as they go." };
    case "cancel":
      await rotations.cancel({ id });
      return { done: "It is being taken back." };
    case "policy": {
      const days = everyDays === "" ? null : Number(everyDays);
      await rotations.setPolicy({ kind: kind as RotationKind, everyDays: days });
      return {
        done: days === null ? "Exchanged by command only from now on." : `Exchanged every ${days} days from now on.`,
      };
    }
    case "secret": {
      const { rotationId } = await webhooks.addSecret({ provider: provider as WebhookProvider, secret });
      const name = WEBHOOK_PROVIDER_NAMES[provider as WebhookProvider];
      return {
        done: rotationId
          ? `Events that ${name} signs with either key are taken. The old key is retired after the first event that is signed with the new one.`
          : `Events that ${name} signs with it are taken from now on.`,
      };
    }
    default:
      throw data({ message: "This form is not one of this page.", requestId: "" }, { status: 400 });
  }
}
