/**
 * Whether a document can be taken: what is asked before one is stored and answered from, wherever it came from. Flags are
 * checked apart from envelopes, since tenants share them: once for each digest.
 */
import {
  type CompiledFlags,
  compiledFlagsSchema,
  FLAGS_BODY_LIMIT,
  type FlagEnvelope,
  flagEnvelopeSchema,
  invalidInput,
} from "@kombify/agent-contract";
import { digestOfEnvelope, freshDigestOf } from "./digest.ts";
import { ENGINE_VERSION, isOurEngine } from "./engine-version.ts";
import { createFlagSet, type FlagSet } from "./evaluate.ts";
import { findUnfitPart } from "./limits.ts";
import { isKnownOperator, isObject, operationsIn } from "./logic.ts";

/** `malformed`: not of the shape that was agreed. `corrupt`: not what its digest says, or nothing that can be evaluated. */
export interface DocumentRefusal {
  reason: "empty" | "oversized" | "malformed" | "corrupt" | "engine" | "foreign";
  message: string;
}

type Refused = { refusal: DocumentRefusal };
type CheckedFlags = { flags: CompiledFlags; flagSet: FlagSet; refusal?: never } | Refused;
type CheckedEnvelope = { envelope: FlagEnvelope; refusal?: never } | Refused;

/** Levels of a document with its flags, which begin one level within. */
const DEPTH_LIMIT = 80;

const refuse = (reason: DocumentRefusal["reason"], message: string): Refused => ({ refusal: { reason, message } });

const isNothing = (value: unknown): boolean => value === undefined || value === null || value === "";

/** What this evaluator could not do, although the flags are what they were when they left. */
function findUnknownOperator(flags: CompiledFlags): string | null {
  for (const [key, { targeting }] of Object.entries(flags))
    for (const { operator } of operationsIn(targeting))
      if (!isKnownOperator(operator)) return `Flag ${key} uses the operator "${operator}", which is unknown here.`;
  return null;
}

/**
 * Everything that has to be true of flags: that they can be held and walked, that they are what their digest says, and that
 * every one of them can be evaluated here.
 * @param digest what the envelope calls them.
 * @param value what came, parsed. It is given back as it is: what a newer control plane adds is part of the digest.
 */
export function checkFlags(digest: string, value: unknown): CheckedFlags {
  if (isNothing(value)) return refuse("empty", "There are no flags in it.");
  // First, for everything that comes after it would run out of stack.
  const unfit = findUnfitPart(value, DEPTH_LIMIT - 1);
  if (unfit !== null) return refuse("corrupt", `Something in the flags cannot be used: ${unfit}`);
  if (Buffer.byteLength(JSON.stringify(value)) > FLAGS_BODY_LIMIT)
    return refuse("oversized", `The flags are larger than ${FLAGS_BODY_LIMIT} bytes.`);
  const parsed = compiledFlagsSchema.safeParse(value);
  if (!parsed.success) return refuse("malformed", `The flags are not as agreed: ${invalidInput(parsed.error).message}`);
  const flags = value as CompiledFlags;
  if (freshDigestOf(flags) !== digest) return refuse("corrupt", "The flags are not what their digest says.");
  const unknown = findUnknownOperator(flags);
  if (unknown !== null) return refuse("corrupt", unknown);
  try {
    return { flags, flagSet: createFlagSet(flags) };
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : "It did not say why.";
    return refuse("corrupt", `The flags cannot be evaluated: ${detail}`);
  }
}

/**
 * Everything that has to be true of a document apart from its flags, which may stand in it and are not looked at.
 * @param expectedTenant whose it has to be, where that is known.
 */
export function checkEnvelope(value: unknown, expectedTenant?: string): CheckedEnvelope {
  if (isNothing(value) || (isObject(value) && Object.keys(value).length === 0))
    return refuse("empty", "The document is empty.");
  const own = isObject(value) ? Object.fromEntries(Object.entries(value).filter(([name]) => name !== "flags")) : value;
  const unfit = findUnfitPart(own, DEPTH_LIMIT);
  if (unfit !== null) return refuse("corrupt", `Something in the document cannot be used: ${unfit}`);
  const parsed = flagEnvelopeSchema.safeParse(own);
  if (!parsed.success)
    return refuse("malformed", `The document is not as agreed: ${invalidInput(parsed.error).message}`);
  const envelope = parsed.data;
  const { tenant, context, engineVersion } = envelope;
  if (tenant !== (expectedTenant ?? tenant)) return refuse("foreign", "The document is another tenant's.");
  if (context.tenantId !== tenant)
    return refuse("foreign", "The document would be evaluated as another tenant than the one that it is for.");
  if (!isOurEngine(engineVersion))
    return refuse(
      "engine",
      `The document is for ${engineVersion}; this host has ${ENGINE_VERSION}, which may sort people otherwise. Bring the agent up to date.`,
    );
  if (digestOfEnvelope(envelope) !== envelope.digest)
    return refuse("corrupt", "The document is not what its digest says.");
  return { envelope };
}
