import type { Context } from "hono";
import type { Logger } from "./logger.ts";
import type { ShellEnv } from "./shell.ts";

/** One server-sent event (https://html.spec.whatwg.org/multipage/server-sent-events.html). Objects are sent as JSON. */
export type ServerEvent = { event?: string; data: unknown; id?: string };
export type SendEvent = (event: ServerEvent) => Promise<void>;

/** Below the 30 to 60 s after which proxies close a silent connection. */
const KEEP_ALIVE_MS = 15_000;

function encodeEvent({ event, data, id }: ServerEvent): string {
  const text = typeof data === "string" ? data : JSON.stringify(data);
  const lines = text.split(/\r\n|\r|\n/).map((line) => `data: ${line}`);
  return `${event ? `event: ${event}\n` : ""}${id ? `id: ${id}\n` : ""}${lines.join("\n")}\n\n`;
}

/** What a stream is told of its end: the client went away, or the process stops. */
type StreamOf = { log: Logger; signal: AbortSignal };

/**
 * Answers with server-sent events. The stream ends when `produce` returns, when the client goes away, and when the
 * process stops; `signal` is aborted in the last two cases. `send` waits while the client reads slowly.
 */
export const eventStream = (
  c: Context<ShellEnv>,
  produce: (send: SendEvent, signal: AbortSignal) => Promise<void>,
): Response =>
  streamEvents({ log: c.get("log"), signal: AbortSignal.any([c.get("stopping"), c.req.raw.signal]) }, produce);

/** The same for a handler that knows no framework. */
export function streamEvents(
  { log, signal: end }: StreamOf,
  produce: (send: SendEvent, signal: AbortSignal) => Promise<void>,
): Response {
  const gone = new AbortController();
  const signal = AbortSignal.any([gone.signal, end]);
  const encoder = new TextEncoder();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  // A write fails only because the reader is gone; that is the end of the stream, not an error of the producer.
  const write = async (text: string): Promise<void> => {
    if (!signal.aborted) await writer.write(encoder.encode(text)).catch(() => gone.abort());
  };
  // A slow reader has something to read anyway; keep-alives must not pile up for it.
  const keepAlive = setInterval(() => {
    if ((writer.desiredSize ?? 0) > 0) void write(": keep-alive\n\n");
  }, KEEP_ALIVE_MS);
  const run = async (): Promise<void> => {
    await write(": open\n\n");
    await produce((event) => write(encodeEvent(event)), signal);
  };
  writer.closed.catch(() => gone.abort());
  run()
    .catch((err: unknown) => {
      if (!signal.aborted) log.error({ err }, "an event stream failed");
    })
    .finally(() => {
      clearInterval(keepAlive);
      return writer.close().catch(() => gone.abort());
    });
  return new Response(readable, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
    },
  });
}

/**
 * The same response, whose body ends cleanly when the process stops: `http.Server.close` waits for open responses, and
 * an event stream would keep it waiting for ever. Used for every `text/event-stream`, whoever made it.
 */
export function endWithProcess(response: Response, stopping: AbortSignal): Response {
  if (!response.body) return response;
  const reader = response.body.getReader();
  // A cancelled reader answers its pending read with `done`, which ends the body below.
  const stop = () => void reader.cancel();
  if (stopping.aborted) stop();
  else stopping.addEventListener("abort", stop, { once: true });
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (!done) return controller.enqueue(value);
      stopping.removeEventListener("abort", stop);
      controller.close();
    },
    async cancel(reason) {
      stopping.removeEventListener("abort", stop);
      await reader.cancel(reason);
    },
  });
  return new Response(body, response);
}
