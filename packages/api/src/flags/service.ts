/** Flags, segments and overrides. */
import { ServiceError } from "@kombify/agent-contract";
import type { z } from "zod";
import type { UserContext } from "../context.ts";
import type {
  flagFileSchema,
  flagHistoryInput,
  flagHistoryView,
  flagKeyInput,
  flagOutcomeView,
  flagPreviewView,
  importedFlagsView,
  importFlagsInput,
  overrideInput,
  overridesView,
  previewFlagInput,
  revertFlagInput,
  saveOverrideInput,
  saveSegmentInput,
  segmentInput,
  segmentsView,
  segmentView,
} from "./schemas.ts";

const notYet = () => new ServiceError("PRECONDITION", "This is not built yet.");

export async function exportFlags(_ctx: UserContext): Promise<z.output<typeof flagFileSchema>> {
  throw notYet();
}

export async function importFlags(
  _ctx: UserContext,
  _input: z.output<typeof importFlagsInput>,
): Promise<z.output<typeof importedFlagsView>> {
  throw notYet();
}

export async function listSegments(_ctx: UserContext): Promise<z.output<typeof segmentsView>> {
  throw notYet();
}

export async function saveSegment(
  _ctx: UserContext,
  _input: z.output<typeof saveSegmentInput>,
): Promise<z.output<typeof segmentView>> {
  throw notYet();
}

export async function removeSegment(
  _ctx: UserContext,
  _input: z.output<typeof segmentInput>,
): Promise<{ removed: true }> {
  throw notYet();
}

export async function previewFlag(
  _ctx: UserContext,
  _input: z.output<typeof previewFlagInput>,
): Promise<z.output<typeof flagPreviewView>> {
  throw notYet();
}

export async function listOverrides(
  _ctx: UserContext,
  _input: z.output<typeof flagKeyInput>,
): Promise<z.output<typeof overridesView>> {
  throw notYet();
}

export async function saveOverride(
  _ctx: UserContext,
  _input: z.output<typeof saveOverrideInput>,
): Promise<z.output<typeof flagOutcomeView>> {
  throw notYet();
}

export async function removeOverride(
  _ctx: UserContext,
  _input: z.output<typeof overrideInput>,
): Promise<z.output<typeof flagOutcomeView>> {
  throw notYet();
}

export async function listFlagVersions(
  _ctx: UserContext,
  _input: z.output<typeof flagHistoryInput>,
): Promise<z.output<typeof flagHistoryView>> {
  throw notYet();
}

export async function revertFlag(
  _ctx: UserContext,
  _input: z.output<typeof revertFlagInput>,
): Promise<z.output<typeof flagOutcomeView>> {
  throw notYet();
}

export { getFlag } from "./get-flag.ts";
export { listFlags } from "./list-flags.ts";
export { saveFlag } from "./save-flag.ts";
export { killFlag, removeFlag, restoreFlag } from "./switch-flag.ts";
