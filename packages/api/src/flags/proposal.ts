import type { FlagDefinition } from "./schemas.ts";

/** A flag as a proposal holds it: plain JSON. */
export const asProposal = ({ expiresAt, ...definition }: FlagDefinition): Record<string, unknown> => ({
  ...definition,
  expiresAt: expiresAt?.toISOString() ?? null,
});
