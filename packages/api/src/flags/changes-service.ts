/** Changes of flags that wait, the playground, and use. */
import { ServiceError } from "@kombify/agent-contract";
import type { z } from "zod";
import type { UserContext } from "../context.ts";
import type {
  flagChangeInput,
  flagChangesInput,
  flagChangesView,
  flagChangeView,
  flagOutcomeView,
  playgroundInput,
  playgroundView,
  rejectChangeInput,
} from "./schemas.ts";

export { readFlagUsage } from "./read-usage.ts";

const notYet = () => new ServiceError("PRECONDITION", "This is not built yet.");

export async function listFlagChanges(
  _ctx: UserContext,
  _input: z.output<typeof flagChangesInput>,
): Promise<z.output<typeof flagChangesView>> {
  throw notYet();
}

export async function approveFlagChange(
  _ctx: UserContext,
  _input: z.output<typeof flagChangeInput>,
): Promise<z.output<typeof flagOutcomeView>> {
  throw notYet();
}

export async function rejectFlagChange(
  _ctx: UserContext,
  _input: z.output<typeof rejectChangeInput>,
): Promise<z.output<typeof flagChangeView>> {
  throw notYet();
}

export async function cancelFlagChange(
  _ctx: UserContext,
  _input: z.output<typeof flagChangeInput>,
): Promise<z.output<typeof flagChangeView>> {
  throw notYet();
}

export async function tryFlag(
  _ctx: UserContext,
  _input: z.output<typeof playgroundInput>,
): Promise<z.output<typeof playgroundView>> {
  throw notYet();
}
