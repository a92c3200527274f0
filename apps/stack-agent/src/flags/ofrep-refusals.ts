/** Refusals in the words of OpenFeature's Remote Evaluation Protocol, whose clients read no problem documents. */
import type { ServiceError } from "@kombify/agent-contract";

const SINGLE = /^\/ofrep\/v1\/evaluate\/flags\/([^/]+)$/;
/** Seconds. */
const RETRY_AFTER = 5;

/** A tenant that is closed, and an engine that is away, are there again later: 503, at which clients keep what they have. */
const statusOf = ({ code, status }: ServiceError): number =>
  code === "PRECONDITION" || code === "UPSTREAM" ? 503 : status;

function codeOf(status: number, isSingle: boolean): string {
  if (status === 400 || status === 413 || status === 415) return "PARSE_ERROR";
  return status === 404 && isSingle ? "FLAG_NOT_FOUND" : "GENERAL";
}

const keyOf = (path: string): string | undefined => {
  const key = SINGLE.exec(path)?.[1];
  try {
    return key && decodeURIComponent(key);
  } catch {
    return key;
  }
};

/**
 * @param error null for one that nobody expected.
 * @returns undefined for paths that are not the protocol's.
 */
export function ofrepRefusal(path: string, error: ServiceError | null, requestId: string): Response | undefined {
  if (!path.startsWith("/ofrep/")) return undefined;
  const key = keyOf(path);
  const status = error ? statusOf(error) : 500;
  const body = {
    ...(key === undefined ? {} : { key }),
    errorCode: codeOf(status, key !== undefined),
    errorDetails: error?.message ?? `Something went wrong on our side. Quote request id ${requestId} to support.`,
  };
  const retryAfter = error?.retryAfterSeconds ?? (status === 503 ? RETRY_AFTER : undefined);
  return Response.json(body, {
    status,
    headers: {
      "cache-control": "no-store",
      ...(retryAfter === undefined ? {} : { "retry-after": String(Math.ceil(retryAfter)) }),
    },
  });
}
