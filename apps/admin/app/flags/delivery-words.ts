/** Who lags: instances that do not have a flag as it is now. */
import type { FlagSummaryView } from "@kombify/api/schemas";
import { counted } from "./flag-words.ts";

type Delivery = Pick<FlagSummaryView, "instances" | "instancesBehind">;

export function deliveryWords({ instances, instancesBehind }: Delivery): { isBehind: boolean; words: string } {
  if (instances === 0) return { isBehind: false, words: "No instance has tenants" };
  if (instancesBehind > 0)
    return { isBehind: true, words: `${instancesBehind} of ${counted(instances, "instance", "instances")} behind` };
  return {
    isBehind: false,
    words: instances === 1 ? "The one instance has it" : `All ${instances.toLocaleString("en")} have it`,
  };
}
