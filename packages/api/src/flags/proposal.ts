import type { FlagState } from "./flag-state.ts";
import type { FlagDefinition } from "./schemas.ts";

/** A flag as the proposal of an update holds it (next-state.ts): plain JSON. */
export const asProposal = (
  { expiresAt, ...definition }: FlagDefinition,
  more: {
    action?: "revert" | "import";
    fileExtras?: FlagState["fileExtras"];
    kill?: { at: string; reason: string } | null;
  } = {},
): Record<string, unknown> => ({ ...definition, expiresAt: expiresAt?.toISOString() ?? null, ...more });
