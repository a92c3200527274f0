import { type ErrorCode, ServiceError } from "@kombify/agent-contract";
import type { SignInRefusalReason } from "./schemas.ts";

/** A refusal that has a reason which pages know by name. */
export class SignInRefusal extends ServiceError {
  readonly reason: SignInRefusalReason;
  constructor(reason: SignInRefusalReason, code: ErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(code, message, options);
    this.reason = reason;
  }
}
