/** The line to PocketBase that requests of old clients go through, piece by piece. */
import { ServiceError } from "@kombify/agent-contract";
import { Agent, type BodyInit, type RequestInit, fetch as undiciFetch } from "undici";
import { away } from "./standing.ts";

const CONNECT_TIMEOUT_MS = 5_000;
/** Making a thumbnail of a big picture is the longest that PocketBase thinks before it answers. */
const ANSWER_TIMEOUT_MS = 90_000;

/** Of a request: what concerns the two ends and not what is said between them, and what only a proxy may say. */
const NOT_FORWARDED = new Set([
  "host",
  "connection",
  "content-length",
  "transfer-encoding",
  "keep-alive",
  "upgrade",
  "expect",
  "te",
  "trailer",
  "proxy-authorization",
  "forwarded",
  "x-real-ip",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "accept-encoding",
]);
const NOT_ANSWERED = /^(connection|transfer-encoding|keep-alive|content-encoding|access-control-.*)$/;

export type UpstreamRequest = {
  method: string;
  /** Path with query. */
  path: string;
  headers: Headers;
  body?: ReadableStream<Uint8Array> | string | null;
  signal: AbortSignal;
  clientAddress: string;
};

export type Upstream = { send(request: UpstreamRequest): Promise<Response>; close(): Promise<void> };

export function createUpstream(url: string): Upstream {
  const dispatcher = new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS },
    headersTimeout: ANSWER_TIMEOUT_MS,
    // A stream of events may be silent for as long as PocketBase lets it.
    bodyTimeout: 0,
  });
  return {
    async send({ method, path, headers: given, body, signal, clientAddress }) {
      const headers = new Headers();
      for (const [name, value] of given) if (!NOT_FORWARDED.has(name)) headers.set(name, value);
      headers.set("x-forwarded-for", clientAddress);
      headers.set("accept-encoding", "identity");
      const options: RequestInit = {
        method,
        headers: [...headers],
        body: (body ?? null) as BodyInit | null,
        signal,
        redirect: "manual",
        duplex: "half",
        dispatcher,
      };
      const answer = await undiciFetch(new URL(path, url), options).catch((cause: unknown) => {
        // A body that was refused on its way out has its own words.
        const own = cause instanceof Error && cause.cause instanceof ServiceError ? cause.cause : cause;
        if (own instanceof ServiceError || signal.aborted) throw own;
        throw away(cause);
      });
      const kept = [...answer.headers].filter(([name]) => !NOT_ANSWERED.test(name));
      const isEmpty = [101, 204, 205, 304].includes(answer.status);
      return new Response(isEmpty ? null : (answer.body as unknown as ReadableStream<Uint8Array> | null), {
        status: answer.status,
        headers: kept,
      });
    },
    close: () => dispatcher.destroy(),
  };
}
