/**
 * The seven error codes that every kombify process speaks, and the problem document that carries one over HTTP
 * (RFC 9457).
 */
import { z } from "zod";

export const ERROR_CODES = [
  "NOT_FOUND",
  "FORBIDDEN",
  "CONFLICT",
  "INVALID",
  "LIMIT_REACHED",
  "PRECONDITION",
  "UPSTREAM",
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** HTTP status of each code. A missing sign-in is FORBIDDEN with status 401, see {@link problemOf}. */
export const ERROR_STATUS: Record<ErrorCode, number> = {
  NOT_FOUND: 404,
  FORBIDDEN: 403,
  CONFLICT: 409,
  INVALID: 400,
  LIMIT_REACHED: 429,
  PRECONDITION: 409,
  UPSTREAM: 502,
};

/** One refused field: `path` as in the request body ("tenantName", "nodes.0.name"), `message` says what would be right. */
export const fieldErrorSchema = z.object({ path: z.string(), message: z.string() });
export type FieldError = z.infer<typeof fieldErrorSchema>;

export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.enum(ERROR_CODES),
  requestId: z.string(),
  errors: z.array(fieldErrorSchema).optional(),
});
export type Problem = z.infer<typeof problemSchema>;

const TITLES: Record<ErrorCode, string> = {
  NOT_FOUND: "Not found",
  FORBIDDEN: "Not allowed",
  CONFLICT: "Conflict",
  INVALID: "Invalid input",
  LIMIT_REACHED: "Limit reached",
  PRECONDITION: "Not possible now",
  UPSTREAM: "Another part did not answer as expected",
};

/**
 * The error that verbs throw, in every process. It knows nothing of HTTP.
 * @param message what was wrong and what would be right, for the person who reads it.
 */
export class ServiceError extends Error {
  readonly code: ErrorCode;
  readonly fields: FieldError[] | undefined;
  /** HTTP status when it differs from the code's own: 401 where nobody is signed in, 413 for a body too large. */
  readonly status: number;
  /** Seconds after which trying again makes sense (sent as Retry-After). */
  readonly retryAfterSeconds: number | undefined;
  /** What would have to be shown to be let in (sent as WWW-Authenticate; RFC 9110, 11.6.1). */
  readonly challenge: string | undefined;
  constructor(
    code: ErrorCode,
    message: string,
    options: {
      cause?: unknown;
      fields?: FieldError[];
      status?: number;
      retryAfterSeconds?: number;
      challenge?: string;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ServiceError";
    this.code = code;
    this.fields = options.fields;
    this.status = options.status ?? ERROR_STATUS[code];
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.challenge = options.challenge;
  }
}

/** The problem document of an error (RFC 9457, section 3). */
export function problemOf(error: ServiceError, requestId: string): Problem {
  return {
    type: `https://kombify.io/problems/${error.code.toLowerCase().replaceAll("_", "-")}`,
    title: error.status === 401 ? "Sign in first" : TITLES[error.code],
    status: error.status,
    detail: error.message,
    code: error.code,
    requestId,
    ...(error.fields ? { errors: error.fields } : {}),
  };
}

/** A Zod failure as an INVALID error with one entry per field. */
export function invalidInput(error: z.ZodError): ServiceError {
  const fields = error.issues.map((issue) => ({ path: issue.path.map(String).join("."), message: issue.message }));
  const first = fields[0];
  const detail = first?.path ? `${first.path}: ${first.message}` : (first?.message ?? "The input is not valid.");
  return new ServiceError("INVALID", fields.length > 1 ? `${detail} (and ${fields.length - 1} more)` : detail, {
    fields,
  });
}
