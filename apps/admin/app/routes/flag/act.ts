/** The kill switch, by the form that was sent. Runs on the server. */
import type { Caller } from "@kombify/api";
import { data } from "@remix-run/node";
import { outcomeWords } from "./outcome-words.ts";

/** @throws ServiceError whatever the API refuses. */
export async function act({ flags }: Caller, key: string, values: Record<string, string>): Promise<{ done: string }> {
  const { intent, reason = "", note = "" } = values;
  switch (intent) {
    case "kill": {
      const outcome = await flags.kill({ key, reason });
      return { done: outcomeWords(outcome, `${key} is killed. The Rollout tab shows which hosts have it.`) };
    }
    case "restore": {
      const outcome = await flags.restore({ key, note });
      return { done: outcomeWords(outcome, `${key} is restored: its rules decide again.`) };
    }
    default:
      throw data({ message: "This form is not one of this page.", requestId: "" }, { status: 400 });
  }
}
