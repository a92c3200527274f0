import { type Problem, problemOf, ServiceError } from "@kombify/agent-contract";
import { HTTPException } from "hono/http-exception";

// Errors know nothing of HTTP; what an answer says in headers whether it is a refusal or not is kept beside them.
const spoken = new WeakMap<ServiceError, Headers>();

/** Lets the problem document of an error carry these headers. @returns the error. */
export function withHeaders(error: ServiceError, headers: Headers): ServiceError {
  spoken.set(error, headers);
  return error;
}

/**
 * A problem document as a response (RFC 9457), with Retry-After where trying again makes sense, and WWW-Authenticate where
 * something else would have to be shown.
 */
export function problemResponse(error: ServiceError, requestId: string): Response {
  const response = respond(problemOf(error, requestId), error.retryAfterSeconds, spoken.get(error));
  if (error.challenge !== undefined) response.headers.set("www-authenticate", error.challenge);
  return response;
}

function respond(problem: Problem, retryAfterSeconds?: number, more?: Headers): Response {
  const headers = new Headers(more);
  headers.set("content-type", "application/problem+json");
  if (retryAfterSeconds !== undefined) headers.set("retry-after", String(Math.ceil(retryAfterSeconds)));
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}

/** Our own kind of error for what a framework threw on purpose; null for an error that nobody expected. */
export function expectedError(error: unknown): ServiceError | null {
  if (error instanceof ServiceError) return error;
  if (!(error instanceof HTTPException) || error.status >= 500) return null;
  const code =
    error.status === 401 || error.status === 403 ? "FORBIDDEN" : error.status === 404 ? "NOT_FOUND" : "INVALID";
  return new ServiceError(code, error.message || "The request was not understood.", { status: error.status });
}

/** The answer to an error that nobody expected: its text stays in the log, the request id leads there. */
export function unexpectedResponse(requestId: string): Response {
  const error = new ServiceError(
    "UPSTREAM",
    `Something went wrong on our side. Quote request id ${requestId} to support.`,
    {
      status: 500,
    },
  );
  return respond({ ...problemOf(error, requestId), title: "Internal error" });
}
