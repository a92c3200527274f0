/**
 * OpenFeature's Remote Evaluation Protocol (github.com/open-feature/protocol, service/openapi.yaml 0.3.0), the same in Cloud
 * and on every host: what is answered, without how it is carried. Who may ask is decided before.
 */
import type { FlagDocument } from "@kombify/agent-contract";
import { evaluationContext } from "./context.ts";
import { entityTagOf, isCurrent } from "./entity-tag.ts";
import type { Evaluation, FlagSet } from "./evaluate.ts";
import { findUnfitPart } from "./limits.ts";
import { isObject } from "./logic.ts";

/** Of the context that a client sends, bytes of JSON. */
const CONTEXT_LIMIT = 64 * 1024;
const CONTEXT_DEPTH = 8;
/** For whom there is no document yet, seconds. */
const RETRY_AFTER = "5";

/** A tenant's flags, ready; with how they stand where they may be old. */
export interface ServedFlags {
  document: Pick<FlagDocument, "revision" | "digest" | "context">;
  flagSet: FlagSet;
  /** Absent where they are always current. */
  standing?: { ageSeconds: number; isStale: boolean };
}

export interface OfrepAnswer {
  status: 200 | 304 | 400 | 404 | 500 | 503;
  headers: Record<string, string>;
  /** JSON; null: without a body. */
  body: Record<string, unknown> | null;
  /** What was evaluated for it: to be counted. */
  evaluations: Evaluation[];
}

/** Where a client hears that it should ask again. @see refetchEvent */
export interface EventStream {
  type: "sse";
  /** Path and query on the origin that was asked. */
  endpoint: { requestUri: string };
}

type Failure = { errorCode: string; errorDetails: string };

const answer = (
  status: OfrepAnswer["status"],
  body: OfrepAnswer["body"],
  headers = {},
  evaluations: Evaluation[] = [],
): OfrepAnswer => ({
  status,
  evaluations,
  headers: {
    ...(body === null ? {} : { "content-type": "application/json" }),
    "cache-control": "no-store",
    ...headers,
  },
  body,
});

/**
 * The context of a request. It need not say for whom: that is the caller then, so that TARGETING_KEY_MISSING is never needed.
 */
function readContext(body: unknown): { said: Record<string, unknown> } | Failure {
  const request = body ?? {};
  if (!isObject(request))
    return { errorCode: "PARSE_ERROR", errorDetails: 'Send a JSON object such as {"context": {"userId": "..."}}.' };
  const context = request.context ?? {};
  const refuse = (errorDetails: string) => ({ errorCode: "INVALID_CONTEXT", errorDetails });
  if (!isObject(context)) return refuse("The context has to be a JSON object of attributes.");
  const unfit = findUnfitPart(context, CONTEXT_DEPTH);
  if (unfit !== null) return refuse(`The context cannot be used. ${unfit}`);
  if (Buffer.byteLength(JSON.stringify(context)) > CONTEXT_LIMIT)
    return refuse(`The context is larger than ${CONTEXT_LIMIT / 1024} KiB. Send the attributes that flags go by.`);
  for (const name of ["targetingKey", "userId"])
    if (context[name] !== undefined && typeof context[name] !== "string") return refuse(`${name} has to be a string.`);
  return { said: context };
}

const standingOf = ({ document, standing }: ServedFlags) => ({
  revision: document.revision,
  digest: document.digest,
  ...(standing ? { stale: standing.isStale } : {}),
});
const ageOf = ({ standing }: ServedFlags) => (standing ? { ageSeconds: Math.round(standing.ageSeconds) } : {});

const entryOf = ({ key, value, variant, reason, errorCode, errorDetails, metadata }: Evaluation) =>
  errorCode
    ? { key, errorCode, errorDetails, metadata }
    : {
        key,
        ...(value === undefined ? {} : { value }),
        reason,
        ...(variant === undefined ? {} : { variant }),
        metadata,
      };

const NOT_READY: Failure = {
  errorCode: "PROVIDER_NOT_READY",
  errorDetails: "The flags are not here yet. Use the default of your own code and ask again.",
};

/**
 * `POST /ofrep/v1/evaluate/flags/{key}`.
 * @param flags null while there is no document. That is a 500: of all statuses that the official clients read a code from, it
 *   is the one that says to try again.
 * @param caller see evaluationContext.
 */
export function answerFlag(flags: ServedFlags | null, key: string, body: unknown, caller: string): OfrepAnswer {
  if (!flags) return answer(500, { key, ...NOT_READY }, { "retry-after": RETRY_AFTER });
  const read = readContext(body);
  if (!("said" in read)) return answer(400, { key, ...read });
  const evaluation = flags.flagSet.evaluate(key, evaluationContext(flags.document, read.said, caller));
  const entry = entryOf(evaluation);
  const status = evaluation.errorCode === undefined ? 200 : evaluation.errorCode === "FLAG_NOT_FOUND" ? 404 : 400;
  const metadata = { ...entry.metadata, ...standingOf(flags), ...ageOf(flags) };
  return answer(status, { ...entry, metadata }, {}, [evaluation]);
}

/**
 * `POST /ofrep/v1/evaluate/flags`: every flag, disabled ones without a value. The entity tag is of the whole answer but its
 * age, which alone would make each answer another one; it is a weak one for that.
 * @param flags null while there is no document: a 503, at which the official client goes on with what it had.
 */
export function answerBulk(
  flags: ServedFlags | null,
  body: unknown,
  { caller, ifNoneMatch, eventStreams }: { caller: string; ifNoneMatch?: string | null; eventStreams?: EventStream[] },
): OfrepAnswer {
  if (!flags) return answer(503, { ...NOT_READY }, { "retry-after": RETRY_AFTER });
  const read = readContext(body);
  if (!("said" in read)) return answer(400, { ...read });
  const evaluations = flags.flagSet.evaluateAll(evaluationContext(flags.document, read.said, caller));
  const metadata = standingOf(flags);
  const whole = { flags: evaluations.map(entryOf), metadata, ...(eventStreams ? { eventStreams } : {}) };
  const etag = entityTagOf(whole);
  if (isCurrent(etag, ifNoneMatch)) return answer(304, null, { etag }, evaluations);
  return answer(200, { ...whole, metadata: { ...metadata, ...ageOf(flags) } }, { etag }, evaluations);
}

/** Data of the event (of type `message`) that makes official clients ask again. @param etag what they will find: the digest. */
export const refetchEvent = ({ etag }: { etag?: string } = {}): string =>
  JSON.stringify({ type: "refetchEvaluation", ...(etag === undefined ? {} : { etag }) });
