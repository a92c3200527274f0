/** Where flags have arrived. */
import { ServiceError } from "@kombify/agent-contract";
import type { z } from "zod";
import type { UserContext } from "../context.ts";
import type { flagKeyInput, flagRolloutView } from "./schemas.ts";

const notYet = () => new ServiceError("PRECONDITION", "This is not built yet.");

export async function readFlagRollout(
  _ctx: UserContext,
  _input: z.output<typeof flagKeyInput>,
): Promise<z.output<typeof flagRolloutView>> {
  throw notYet();
}
