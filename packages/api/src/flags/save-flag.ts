import type { z } from "zod";
import type { UserContext } from "../context.ts";
import { asProposal } from "./proposal.ts";
import { requestChange } from "./request-change.ts";
import type { FlagOutcomeView, saveFlagInput } from "./schemas.ts";

/**
 * Makes or changes a flag; saving what is there already changes nothing.
 * @throws ServiceError CONFLICT when somebody changed it meanwhile, INVALID, PRECONDITION
 */
export const saveFlag = (ctx: UserContext, input: z.output<typeof saveFlagInput>): Promise<FlagOutcomeView> =>
  requestChange(
    ctx,
    {
      kind: "update",
      flagKey: input.key,
      baseVersion: input.version,
      proposal: asProposal(input.definition),
      note: input.note,
    },
    { scheduledAt: input.scheduledAt },
  );
