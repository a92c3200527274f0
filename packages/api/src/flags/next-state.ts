/** What a change makes of a flag. Pure: knows no database. */
import { invalidInput, ServiceError } from "@kombify/agent-contract";
import { z } from "zod";
import { isOurMetadata } from "./flag-file.ts";
import type { FlagState } from "./flag-state.ts";
import { flagDefinitionSchema } from "./schemas.ts";

/**
 * The proposal of an `update`: the whole flag as staff edit it. What only a file can say is left as it is unless the
 * proposal has it: `kill` (null lets the rules decide again) and `fileExtras`. An earlier state may have had no owner, and
 * an imported one has a kind of its own.
 */
const updateProposal = flagDefinitionSchema.extend({
  owner: z.string().max(200),
  kind: z.string().min(1).max(40) as unknown as typeof flagDefinitionSchema.shape.kind,
  /** What the history calls it. */
  action: z.enum(["revert", "import"]).optional(),
  kill: z.object({ at: z.coerce.date(), reason: z.string() }).nullable().optional(),
  fileExtras: z.record(z.string(), z.unknown()).optional(),
});

/**
 * The variant of the kill switch: its own, or of a boolean flag the one that is false.
 * @throws ServiceError INVALID when there is none.
 */
function offVariantOf(key: string, { offVariant, variants }: FlagState): string {
  const off = offVariant ?? Object.keys(variants).find((name) => variants[name] === false);
  if (off !== undefined) return off;
  throw new ServiceError(
    "INVALID",
    `${key} has no off-variant, so that there is nothing to give while it is killed. Choose one of ${Object.keys(variants).join(", ")} as its off-variant first.`,
    { fields: [{ path: "definition.offVariant", message: "Choose what everybody gets while it is killed." }] },
  );
}

/** What the history calls an update, where that is more than that. */
export const actionOf = (proposal: Record<string, unknown>): string | undefined =>
  updateProposal.shape.action.safeParse(proposal.action).data;

/** @throws ServiceError INVALID when the proposal is not a flag, or has no value to give while it is killed. */
export function updated(key: string, before: FlagState | null, proposal: Record<string, unknown>): FlagState {
  const parsed = updateProposal.safeParse(proposal);
  if (!parsed.success) throw invalidInput(parsed.error);
  const taken = Object.keys(parsed.data.metadata).find(isOurMetadata);
  if (taken)
    throw new ServiceError(
      "INVALID",
      `${taken} is what files call a field of the flag itself. Name the metadata otherwise.`,
      {
        fields: [{ path: "definition.metadata", message: `Use another name than ${taken}.` }],
      },
    );
  const { kill, action: _, fileExtras = before?.fileExtras ?? {}, ...definition } = parsed.data;
  const killed = kill === undefined ? { at: before?.killedAt ?? null, reason: before?.killedReason ?? "" } : kill;
  const next: FlagState = {
    ...definition,
    killedAt: killed?.at ?? null,
    killedReason: killed?.at ? killed.reason : "",
    fileExtras,
  };
  return next.killedAt ? { ...next, offVariant: offVariantOf(key, next) } : next;
}

/** Killing it twice changes nothing. @throws ServiceError INVALID when there is nothing to give. */
export const killed = (key: string, before: FlagState, reason: string): FlagState =>
  before.killedAt
    ? before
    : { ...before, offVariant: offVariantOf(key, before), killedAt: new Date(), killedReason: reason };

export const restored = (before: FlagState): FlagState => ({ ...before, killedAt: null, killedReason: "" });
