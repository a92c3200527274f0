import { PassThrough } from "node:stream";
import type { Logger } from "@kombify/server";
import type { AppLoadContext, EntryContext } from "@remix-run/node";
import { createReadableStreamFromReadable } from "@remix-run/node";
import { RemixServer } from "@remix-run/react";
import { isbot } from "isbot";
import { type PipeableStream, renderToPipeableStream } from "react-dom/server";
import { NonceContext } from "./nonce.tsx";

/** What every portal's load context holds, besides its own. */
export type PortalContext = { nonce: string; log: Logger };

/** A page that is not rendered after this time is cut; loaders have answered long before. */
const RENDER_TIMEOUT_MS = 5_000;

/** Renders a page: to crawlers whole, to browsers as a stream. */
export default function handleRequest(
  request: Request,
  status: number,
  headers: Headers,
  remixContext: EntryContext,
  context: AppLoadContext,
): Promise<Response> {
  const { nonce, log } = context as PortalContext;
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  let isShellSent = false;
  const send = (pipe: PipeableStream["pipe"]) => {
    isShellSent = true;
    const body = new PassThrough();
    headers.set("content-type", "text/html; charset=utf-8");
    resolve(new Response(createReadableStreamFromReadable(body), { headers, status }));
    pipe(body);
  };
  const isWhole = isbot(request.headers.get("user-agent") ?? "");
  const stream = renderToPipeableStream(
    <NonceContext.Provider value={nonce}>
      <RemixServer context={remixContext} url={request.url} nonce={nonce} abortDelay={RENDER_TIMEOUT_MS} />
    </NonceContext.Provider>,
    {
      nonce,
      onShellReady: () => {
        if (!isWhole) send(stream.pipe);
      },
      onAllReady: () => {
        if (isWhole) send(stream.pipe);
      },
      onShellError: reject,
      onError: (error) => {
        if (isShellSent) log.error({ err: error }, "a part of the page failed to render");
      },
    },
  );
  const timer = setTimeout(() => stream.abort(), RENDER_TIMEOUT_MS + 1_000);
  return promise.finally(() => timer.unref());
}

/**
 * Errors that nobody expected; refused input and missing pages are not among them. Without the path, which may hold a
 * token: the line of the request has what of it may be logged, under the same request id.
 */
export function handleError(error: unknown, { request, context }: { request: Request; context: AppLoadContext }): void {
  if (!request.signal.aborted) (context as PortalContext).log.error({ err: error }, "page failed");
}
