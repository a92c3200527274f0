/** `/ofrep/v1` on Cloud (github.com/open-feature/protocol, service/openapi.yaml 0.3.0), mounted beside REST: errors have a shape of their own. */
import { ServiceError } from "@kombify/agent-contract";
import { streamEvents } from "@kombify/server";
import type { BaseContext } from "../context.ts";
import { carryHeaders } from "../rate-limits/carry-headers.ts";
import { serviceErrorOf } from "../trpc.ts";
import { createOfrepCaller, OFREP_EVENTS_PATH } from "./ofrep.ts";

/** Cloud's paths of the protocol, as the gateway has to know them. */
export const OFREP_PATH = /^\/ofrep\/v1\/(evaluate\/flags(\/[^/]+)?|events)\/?$/;
const FLAG_PATH = /^\/ofrep\/v1\/evaluate\/flags\/([^/]+)\/?$/;

export const isOfrepPath = (pathname: string): boolean => OFREP_PATH.test(pathname);

/** The same request with its `X-API-Key` as a bearer token: the protocol has both, and we have one kind of token. */
export function withKeyAsBearer(request: Request): Request {
  const key = request.headers.get("x-api-key");
  if (key === null || request.headers.has("authorization")) return request;
  const headers = new Headers(request.headers);
  headers.set("authorization", `Bearer ${key}`);
  return new Request(request, { headers });
}

/** Null when it is no JSON. */
async function bodyOf(request: Request): Promise<{ body: unknown } | null> {
  const text = await request.text();
  try {
    return { body: text === "" ? undefined : JSON.parse(text) };
  } catch {
    return null;
  }
}

const json = (status: number, body: Record<string, unknown>): Response =>
  Response.json(body, { status, headers: { "cache-control": "no-store" } });

function keyOf(pathname: string): string | null {
  const [, encoded] = FLAG_PATH.exec(pathname) ?? [];
  if (encoded === undefined) return null;
  try {
    return decodeURIComponent(encoded);
  } catch (cause) {
    throw new ServiceError("INVALID", "The path is not encoded as a URL has to be (RFC 3986, 2.1).", { cause });
  }
}

async function evaluate(request: Request, ctx: BaseContext, key: string | null): Promise<Response> {
  const read = await bodyOf(request);
  const named = key === null ? {} : { key };
  if (read === null)
    return json(400, { ...named, errorCode: "PARSE_ERROR", errorDetails: "The body is not valid JSON." });
  const ifNoneMatch = request.headers.get("if-none-match");
  const { status, headers, body } = await createOfrepCaller(ctx).evaluate({ key, body: read.body, ifNoneMatch });
  return new Response(body === null ? null : JSON.stringify(body), { status, headers });
}

async function events(request: Request, ctx: BaseContext, url: URL): Promise<Response> {
  const tenantId = url.searchParams.get("tenantId");
  const stream = await createOfrepCaller(ctx).events(tenantId === null ? {} : { tenantId });
  const news = stream[Symbol.asyncIterator]();
  // The first is awaited here, so that who may not listen gets an error and not an empty stream.
  let next = await news.next();
  const signal = AbortSignal.any([ctx.signal, request.signal]);
  return streamEvents({ log: ctx.request.log, signal }, async (send, ended) => {
    ended.addEventListener("abort", () => void news.return?.());
    for (; !next.done && !ended.aborted; next = await news.next()) await send({ data: next.value });
  });
}

/** A refusal in the protocol's words. Headers that say what to do, such as Retry-After, stand beside it. */
function refusal(error: ServiceError, key: string | null): Response {
  const isAboutFlag = error.status === 400 || error.status === 404;
  const named = key === null ? {} : { key };
  const answer = json(error.status, {
    ...(isAboutFlag ? { ...named, errorCode: "GENERAL" } : {}),
    errorDetails: error.message,
  });
  if (error.challenge !== undefined) answer.headers.set("WWW-Authenticate", error.challenge);
  if (error.retryAfterSeconds !== undefined)
    answer.headers.set("Retry-After", String(Math.ceil(error.retryAfterSeconds)));
  return answer;
}

/**
 * Answers a path of {@link OFREP_PATH}; never rejects.
 * @param contextOf may refuse the request. @throws ServiceError
 */
export async function handleOfrep(request: Request, contextOf: () => BaseContext): Promise<Response> {
  const url = new URL(request.url);
  const isStream = url.pathname.startsWith(OFREP_EVENTS_PATH);
  const method = isStream ? "GET" : "POST";
  let headers = new Headers();
  let key: string | null = null;
  try {
    if (request.method !== method) throw new ServiceError("INVALID", `This path takes ${method}.`, { status: 405 });
    key = keyOf(url.pathname);
    const ctx = contextOf();
    headers = ctx.responseHeaders;
    return carryHeaders(headers, await (isStream ? events(request, ctx, url) : evaluate(request, ctx, key)));
  } catch (error) {
    return carryHeaders(headers, refusal(serviceErrorOf(error), key));
  }
}
