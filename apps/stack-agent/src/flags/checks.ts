/** What is asked of flags before a host keeps them. Whatever does not hold is refused with its reason, in words and as one. */
import { type CompiledFlags, type ErrorCode, type FlagEnvelope, ServiceError } from "@kombify/agent-contract";
import { checkEnvelope, checkFlags, type DocumentRefusal, type FlagSet } from "@kombify/flags";

/** For counting: few words, so that they can be a label. */
export type RefusalReason = Exclude<DocumentRefusal["reason"], "malformed"> | "older" | "different";

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

/** @param shapeStatus for what is not of the shape that was agreed. */
function refused({ reason, message }: DocumentRefusal, shapeStatus: number): FlagsRefused {
  switch (reason) {
    case "malformed":
      return new FlagsRefused("corrupt", message, shapeStatus);
    case "empty":
      return new FlagsRefused(reason, message, shapeStatus);
    case "foreign":
      return new FlagsRefused(reason, message, 404, "NOT_FOUND");
    case "oversized":
      return new FlagsRefused(reason, message, 413);
    default:
      return new FlagsRefused(reason, message);
  }
}

/** @throws FlagsRefused for flags that are damaged, too large, or mean nothing to this host. */
export function readContents(digest: string, value: unknown): Contents {
  const checked = checkFlags(digest, value);
  if (checked.refusal) throw refused(checked.refusal, 422);
  return checked;
}

/**
 * @param tenantId whose it has to be, where that is known.
 * @throws FlagsRefused for an envelope that is damaged, another tenant's, or for another engine than ours.
 */
export function readEnvelope(value: unknown, tenantId?: string): FlagEnvelope {
  const checked = checkEnvelope(value, tenantId);
  if (checked.refusal) throw refused(checked.refusal, 400);
  return checked.envelope;
}
