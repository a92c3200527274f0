import type { FlagChangeRequest } from "./apply-change.ts";

/**
 * Whether a second person has to agree: whatever a sensitive flag says, two people have seen. So it is when it is made, when
 * one that was not sensitive becomes so with all it says, and when it ceases to be. Killing one is never held up.
 * @param isSensitive whether the flag is so now; false for one that is not there.
 */
export const needsApproval = (
  { kind, proposal }: Pick<FlagChangeRequest, "kind" | "proposal">,
  isSensitive: boolean,
): boolean => kind !== "kill" && (isSensitive || (kind === "update" && proposal.isSensitive === true));
