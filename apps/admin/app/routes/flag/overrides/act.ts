/** Overrides made and removed, by the form that was sent. Runs on the server. */
import type { Caller } from "@kombify/api";
import { data } from "@remix-run/node";
import { outcomeWords } from "../outcome-words.ts";

/** @throws ServiceError whatever the API refuses. */
export async function act({ flags }: Caller, key: string, values: Record<string, string>): Promise<{ done: string }> {
  const { intent, tenant = "", variant = "", reason = "" } = values;
  switch (intent) {
    case "save": {
      const outcome = await flags.saveOverride({ key, tenant, variant, reason });
      return { done: outcomeWords(outcome, `${tenant.trim()} gets ${variant} from now on.`) };
    }
    case "remove": {
      const outcome = await flags.removeOverride({ key, tenant });
      return { done: outcomeWords(outcome, "The rules decide for it again.") };
    }
    default:
      throw data({ message: "This form is not one of this page.", requestId: "" }, { status: 400 });
  }
}
