/** Changes of flags that wait, the playground, and use. */
import { ServiceError } from "@kombify/agent-contract";
import type { z } from "zod";
import type { UserContext } from "../context.ts";
import type { playgroundInput, playgroundView } from "./schemas.ts";

export { listFlagChanges } from "./change-views.ts";
export { approveFlagChange, cancelFlagChange, rejectFlagChange } from "./decide-change.ts";
export { readFlagUsage } from "./read-usage.ts";

const notYet = () => new ServiceError("PRECONDITION", "This is not built yet.");

export async function tryFlag(
  _ctx: UserContext,
  _input: z.output<typeof playgroundInput>,
): Promise<z.output<typeof playgroundView>> {
  throw notYet();
}
