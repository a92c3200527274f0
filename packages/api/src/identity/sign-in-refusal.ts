import { type ErrorCode, ServiceError } from "@kombify/agent-contract";

/** Why somebody could not come in through a provider. Each is a word of an address, and a sentence of the log-in page. */
export const SIGN_IN_REFUSALS = [
  "cancelled",
  "provider-away",
  "provider-refused",
  "misconfigured",
  "not-trusted",
  "expired",
  "address-taken",
  "no-role",
  "members-full",
  "organisation-taken",
  "linked-elsewhere",
  "already-connected",
  "signed-out",
  "unknown-provider",
  "too-often",
  "failed",
] as const;
export type SignInRefusalReason = (typeof SIGN_IN_REFUSALS)[number];

/** A refusal that has a reason which pages know by name. */
export class SignInRefusal extends ServiceError {
  readonly reason: SignInRefusalReason;
  constructor(reason: SignInRefusalReason, code: ErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(code, message, options);
    this.reason = reason;
  }
}
