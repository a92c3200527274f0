/** tRPC itself: transformer, error mapping, and the metadata that every procedure carries. */
import { invalidInput, problemOf, ServiceError } from "@kombify/agent-contract";
import { initTRPC, TRPCError } from "@trpc/server";
import { ZodError } from "zod";
import type { BaseContext } from "./context.ts";
import type { Permission, TokenScope } from "./permissions.ts";
import { wire } from "./wire.ts";

export interface ProcedureMeta {
  /** The procedure over REST; without it, it is reached over tRPC alone. */
  openapi?: {
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
    path: `/${string}`;
    tags?: string[];
    summary?: string;
  };
  /** Declared by the builders in procedures.ts, never written by hand. */
  permission?: Permission;
  /** What a token needs to call a procedure of a person; without it, only a session may. See permissions.ts. */
  tokenScope?: TokenScope;
  /** HTTP status of a success over REST when it is not 200. */
  successStatus?: number;
  /** A conditional read: null means that the caller has it already, and is 304 without a body over REST (RFC 9110, 15.4.5). */
  isConditional?: boolean;
}

const TRPC_CODES = {
  NOT_FOUND: "NOT_FOUND",
  FORBIDDEN: "FORBIDDEN",
  CONFLICT: "CONFLICT",
  INVALID: "BAD_REQUEST",
  LIMIT_REACHED: "TOO_MANY_REQUESTS",
  PRECONDITION: "PRECONDITION_FAILED",
  UPSTREAM: "BAD_GATEWAY",
} as const;

/** PostgreSQL's text holds every character but NUL (appendix A: 22021 as text, 22P05 inside JSON). */
const isUnstorableText = (error: unknown): boolean =>
  error instanceof Error && "code" in error && (error.code === "22021" || error.code === "22P05");

/** The error that a caller may see for whatever was thrown. Unknown errors keep their text to themselves. */
export function serviceErrorOf(error: unknown): ServiceError {
  if (error instanceof ServiceError) return error;
  if (error instanceof ZodError) return invalidInput(error);
  if (error instanceof TRPCError) {
    if (error.cause instanceof ServiceError) return error.cause;
    if (error.cause instanceof ZodError && error.code === "BAD_REQUEST") return invalidInput(error.cause);
    if (error.code === "NOT_FOUND") return new ServiceError("NOT_FOUND", "There is no such procedure.");
    if (error.code === "PARSE_ERROR" || error.code === "BAD_REQUEST")
      return new ServiceError("INVALID", "The request could not be read. Send valid JSON.");
    if (error.code === "METHOD_NOT_SUPPORTED")
      return new ServiceError("INVALID", "Use GET for queries and POST for mutations.", { status: 405 });
    if (error.code === "UNSUPPORTED_MEDIA_TYPE")
      return new ServiceError("INVALID", "Send the body as application/json.", { status: 415 });
  }
  const cause = error instanceof TRPCError ? error.cause : error;
  if (isUnstorableText(cause))
    return new ServiceError("INVALID", "Text may hold every character but NUL (U+0000). Leave it out.", { cause });
  return new ServiceError("UPSTREAM", "Something failed on our side. Try again; if it stays, quote the request id.", {
    status: 500,
    cause: cause ?? error,
  });
}

const asTrpcError = (error: ServiceError): TRPCError =>
  new TRPCError({
    code:
      error.status === 401 ? "UNAUTHORIZED" : error.status === 500 ? "INTERNAL_SERVER_ERROR" : TRPC_CODES[error.code],
    message: error.message,
    cause: error,
  });

const t = initTRPC
  .context<BaseContext>()
  .meta<ProcedureMeta>()
  .create({
    transformer: wire,
    errorFormatter: ({ shape, error, ctx }) => {
      const mapped = serviceErrorOf(error);
      return {
        message: mapped.message,
        code: shape.code,
        data: { problem: problemOf(mapped, ctx?.request.requestId ?? "") },
      };
    },
    sse: { ping: { enabled: true, intervalMs: 15_000 }, client: { reconnectAfterInactivityMs: 40_000 } },
  });

// A middleware and not the formatter above does the mapping, because server-side callers never reach the formatter.
const mapErrors = t.middleware(async ({ next, ctx, path }) => {
  const result = await next();
  if (result.ok) return result;
  const error = serviceErrorOf(result.error);
  if (error.status === 500) ctx.request.log.error({ err: error.cause, procedure: path }, "procedure failed");
  throw asTrpcError(error);
});

export const router = t.router;
export const mergeRouters = t.mergeRouters;
export const createCallerFactory = t.createCallerFactory;
/** Where the permission builders start; nothing else uses it. */
export const bareProcedure = t.procedure.use(mapErrors);
