/** The kill switch, and taking a flag out for good. */
import type { z } from "zod";
import type { UserContext } from "../context.ts";
import { getFlag } from "./get-flag.ts";
import { requestChange } from "./request-change.ts";
import type { FlagOutcomeView, reasonedFlagInput, removeFlagInput } from "./schemas.ts";

const AT_ONCE = { scheduledAt: null };

/**
 * Gives everybody the off-variant, whatever the rules say.
 * @throws ServiceError NOT_FOUND, INVALID when there is nothing to give.
 */
export async function killFlag(ctx: UserContext, input: z.output<typeof reasonedFlagInput>): Promise<FlagOutcomeView> {
  const { version } = await getFlag(ctx, input);
  const change = { kind: "kill", flagKey: input.key, baseVersion: version, proposal: {}, note: input.reason } as const;
  return requestChange(ctx, change, AT_ONCE);
}

/** Lets the rules decide again. @throws ServiceError NOT_FOUND */
export async function restoreFlag(ctx: UserContext, input: z.output<typeof removeFlagInput>): Promise<FlagOutcomeView> {
  const { version } = await getFlag(ctx, input);
  const change = { kind: "restore", flagKey: input.key, baseVersion: version, proposal: {}, note: input.note } as const;
  return requestChange(ctx, change, AT_ONCE);
}

/** @throws ServiceError NOT_FOUND, PRECONDITION while another flag needs it. */
export async function removeFlag(ctx: UserContext, input: z.output<typeof removeFlagInput>): Promise<FlagOutcomeView> {
  const { version } = await getFlag(ctx, input);
  const change = { kind: "remove", flagKey: input.key, baseVersion: version, proposal: {}, note: input.note } as const;
  return requestChange(ctx, change, AT_ONCE);
}
