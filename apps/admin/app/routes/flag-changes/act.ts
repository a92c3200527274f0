/** What operators do about changes that wait, by the form that was sent. Runs on the server. */
import type { Caller } from "@kombify/api";
import { data } from "@remix-run/node";

/** @throws ServiceError whatever the API refuses: one's own change, one that is over already. */
export async function act({ flags }: Caller, values: Record<string, string>): Promise<{ done: string }> {
  const { intent, id = "", reason = "" } = values;
  switch (intent) {
    case "approve": {
      const { outcome, change } = await flags.approveChange({ id });
      const what = change ? `The change of ${change.flagKey}` : "The change";
      return {
        done:
          outcome === "scheduled" ? `${what} is approved, and happens at its time.` : `${what} is approved and done.`,
      };
    }
    case "reject": {
      const { flagKey } = await flags.rejectChange({ id, reason });
      return { done: `The change of ${flagKey} is rejected.` };
    }
    case "cancel": {
      const { flagKey } = await flags.cancelChange({ id });
      return { done: `The change of ${flagKey} is taken back.` };
    }
    default:
      throw data({ message: "This form is not one of this page.", requestId: "" }, { status: 400 });
  }
}
