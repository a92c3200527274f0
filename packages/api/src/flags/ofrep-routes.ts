/** `/ofrep/v1` on Cloud (github.com/open-feature/protocol, service/openapi.yaml 0.3.0), mounted beside REST: errors have a shape of their own. */
import { ServiceError } from "@kombify/agent-contract";
import { ofrepRefusal } from "@kombify/flags";
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

function parse(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch (cause) {
    throw new ServiceError("INVALID", "The body is not valid JSON.", { cause });
  }
}

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
  const asked = { key, body: parse(await request.text()), ifNoneMatch: request.headers.get("if-none-match") };
  const { status, headers, body } = await createOfrepCaller(ctx).evaluate(asked);
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

/** A refusal in the protocol's words; headers that say what to do stand beside it. */
function refusal(pathname: string, ctx: BaseContext, error: ServiceError): Response {
  // Our own failures keep their text to themselves.
  const known = error.status === 500 ? null : error;
  const answer = ofrepRefusal(pathname, known, ctx.request.requestId) ?? new Response(null, { status: 500 });
  if (error.challenge !== undefined) answer.headers.set("WWW-Authenticate", error.challenge);
  return answer;
}

/**
 * Answers a path of {@link OFREP_PATH}; never rejects.
 * @param refuseForeign throws for another site's page that uses somebody's cookie.
 */
export async function handleOfrep(request: Request, ctx: BaseContext, refuseForeign: () => void): Promise<Response> {
  const url = new URL(request.url);
  const isStream = url.pathname.startsWith(OFREP_EVENTS_PATH);
  const method = isStream ? "GET" : "POST";
  const answerOf = async (): Promise<Response> => {
    if (request.method !== method) throw new ServiceError("INVALID", `This path takes ${method}.`, { status: 405 });
    refuseForeign();
    return isStream ? events(request, ctx, url) : evaluate(request, ctx, keyOf(url.pathname));
  };
  const answer = await answerOf().catch((error: unknown) => refusal(url.pathname, ctx, serviceErrorOf(error)));
  return carryHeaders(ctx.responseHeaders, answer);
}
