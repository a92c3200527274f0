import { problemOf, ServiceError } from "@kombify/agent-contract";
import type { AliasContext } from "./forward.ts";

/** A problem document (RFC 9457) that is a refusal of PocketBase as well: old clients read `message` and `data`. */
export function refusal(error: unknown, c: AliasContext): Response {
  const known =
    error instanceof ServiceError
      ? error
      : new ServiceError("UPSTREAM", "Something went wrong on our side.", { cause: error, status: 500 });
  if (known.status >= 500 && known.status !== 503)
    c.get("log").error({ err: error }, "request of an old client failed");
  const body = { ...problemOf(known, c.get("requestId")), message: known.message, data: {} };
  const retry =
    known.retryAfterSeconds === undefined ? {} : { "retry-after": String(Math.ceil(known.retryAfterSeconds)) };
  return new Response(JSON.stringify(body), {
    status: known.status,
    headers: { "content-type": "application/problem+json", ...retry },
  });
}
