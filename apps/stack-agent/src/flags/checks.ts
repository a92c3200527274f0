/** What is asked of flags before a host keeps them. Whatever does not hold is refused with its reason, in words and as one. */
import {
  type CompiledFlags,
  compiledFlagsSchema,
  type ErrorCode,
  FLAGS_BODY_LIMIT,
  type FlagEnvelope,
  flagEnvelopeSchema,
  invalidInput,
  ServiceError,
} from "@kombify/agent-contract";
import {
  createFlagSet,
  digestOfEnvelope,
  digestOfFlags,
  ENGINE_VERSION,
  type FlagSet,
  isOurEngine,
} from "@kombify/flags";

/** For counting: few words, so that they can be a label. */
export type RefusalReason = "empty" | "corrupt" | "older" | "different" | "foreign" | "oversized" | "engine";

/** Flags that were not taken. */
export class FlagsRefused extends ServiceError {
  readonly reason: RefusalReason;
  constructor(reason: RefusalReason, message: string, status = 422, code: ErrorCode = "INVALID") {
    super(code, message, { status });
    this.reason = reason;
  }
}

/** Flags that are what their digest says, as they were sent, and ready to evaluate. */
export type Contents = { flags: CompiledFlags; flagSet: FlagSet };

/** Whatever goes wrong while something is read, such as a nesting without end, is damage. */
function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof FlagsRefused) throw error;
    throw new FlagsRefused(
      "corrupt",
      `It cannot be read: ${error instanceof Error ? error.message : "nobody knows why"}`,
    );
  }
}

/** @throws FlagsRefused for flags that are damaged, too large, or mean nothing to this host. */
export const readContents = (digest: string, value: unknown): Contents => reading(() => checkContents(digest, value));

/** @throws FlagsRefused for an envelope that is damaged or for another engine than ours. */
export const readEnvelope = (value: unknown): FlagEnvelope => reading(() => checkEnvelope(value));

function checkContents(digest: string, value: unknown): Contents {
  if (Buffer.byteLength(JSON.stringify(value) ?? "") > FLAGS_BODY_LIMIT)
    throw new FlagsRefused("oversized", `The flags are larger than ${FLAGS_BODY_LIMIT} bytes.`, 413);
  const parsed = compiledFlagsSchema.safeParse(value);
  if (!parsed.success)
    throw new FlagsRefused("corrupt", `The flags are not as agreed: ${invalidInput(parsed.error).message}`);
  // With whatever a newer control plane adds to them: it is part of what the digest names.
  const flags = value as CompiledFlags;
  if (digestOfFlags(flags) !== digest) throw new FlagsRefused("corrupt", "The flags are not what their digest says.");
  try {
    return { flags, flagSet: createFlagSet(flags) };
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : "It did not say why.";
    throw new FlagsRefused("corrupt", `The flags cannot be evaluated: ${detail}`);
  }
}

function checkEnvelope(value: unknown): FlagEnvelope {
  const parsed = flagEnvelopeSchema.safeParse(value);
  if (!parsed.success)
    throw new FlagsRefused("corrupt", `The document is not as agreed: ${invalidInput(parsed.error).message}`, 400);
  const envelope = parsed.data;
  if (!isOurEngine(envelope.engineVersion))
    throw new FlagsRefused(
      "engine",
      `The document is for ${envelope.engineVersion}; this host has ${ENGINE_VERSION}, which may sort people otherwise. Bring the agent up to date.`,
    );
  if (digestOfEnvelope(envelope) !== envelope.digest)
    throw new FlagsRefused("corrupt", "The document is not what its digest says.");
  return envelope;
}
