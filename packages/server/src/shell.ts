import { randomUUID } from "node:crypto";
import type { HttpBindings } from "@hono/node-server";
import { type Peer, ServiceError } from "@kombify/agent-contract";
import { type Context, Hono } from "hono";
import { routePath } from "hono/route";
import type { Registry } from "prom-client";
import { type BodyLimit, limitBodies } from "./bodies.ts";
import { endWithProcess } from "./event-stream.ts";
import { createReadiness, type Readiness, type ReadyCheck } from "./health.ts";
import type { Logger } from "./logger.ts";
import { createHttpMetrics } from "./metrics.ts";
import { peerOfSocket } from "./peers.ts";
import { expectedError, problemResponse, unexpectedResponse } from "./problems.ts";
import { addSecurityHeaders } from "./security-headers.ts";
import { onDrain } from "./shutdown.ts";

/** What every handler behind a shell finds in its context. */
export type ShellEnv = {
  Bindings: HttpBindings;
  Variables: {
    requestId: string;
    /** Names the request in every line. */
    log: Logger;
    /** Set only when the client's certificate verified against our CA and names exactly one of ours. */
    peer: Peer | null;
    /** Serial number of the peer's certificate, lower-case hex. */
    peerSerial: string | null;
    clientAddress: string;
    /** For `<script nonce>` and `<style nonce>` of this page. */
    nonce: string;
    /** Aborted when the process begins to stop. */
    stopping: AbortSignal;
  };
};

export type ShellOptions = {
  name: string;
  version: string;
  log: Logger;
  checks: Record<string, ReadyCheck>;
  /** Whether `GET /metrics` answers on this listener; false on a public listener in production. */
  exposeMetrics: boolean;
  /** Origins besides our own that forms on our pages may post to (CSP form-action). */
  formAction?: readonly string[] | (() => readonly string[]);
  /** Proxies in front of this process that append to X-Forwarded-For; 0 (the default) ignores the header. */
  trustedProxies?: number;
  /** Sends Strict-Transport-Security; only where browsers reach this process over HTTPS. */
  hsts?: boolean;
  /** Body limits of paths that differ from 1 MiB and 32 levels. */
  bodyLimit?: (path: string) => BodyLimit | undefined;
  /** What a path looks like in logs, for pages whose address holds a token. */
  redactPath?: (path: string) => string;
  /**
   * Errors of paths whose clients speak another protocol than ours; undefined leaves them the usual problem document. The
   * error is null when nobody expected it.
   */
  answerError?: (path: string, error: ServiceError | null, requestId: string) => Response | undefined;
};

export type Shell = {
  app: Hono<ShellEnv>;
  registry: Registry;
  /** Turns `/ready` to 503 and ends event streams. {@link runProcess} calls it first of all. */
  drain(): void;
};

const CLIENT_REQUEST_ID = /^[A-Za-z0-9-]{8,64}$/;
const QUIET_PATHS = new Set(["/health", "/ready", "/metrics"]);

function clientAddress(c: Context<ShellEnv>, trustedProxies: number): string {
  const direct = c.env.incoming?.socket?.remoteAddress ?? "unknown";
  if (trustedProxies === 0) return direct;
  const forwarded =
    c.req
      .header("x-forwarded-for")
      ?.split(",")
      .map((part) => part.trim()) ?? [];
  return forwarded.at(-trustedProxies) || direct;
}

/** The response with headers that can be changed: those of a `fetch` answer passed on cannot. */
function withOpenHeaders(response: Response): Response {
  try {
    response.headers.delete("x-request-id");
    return response;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return new Response(response.body, response);
  }
}

/**
 * What every HTTP process has around its own routes: request ids, security headers, one log line and one measurement
 * per request, `/health`, `/ready`, `/metrics`, body limits, and errors as problem documents.
 */
export function createShell(options: ShellOptions): Shell {
  const { log, version, trustedProxies = 0, redactPath = (path: string) => path } = options;
  const metrics = createHttpMetrics(options.name);
  const stopping = new AbortController();
  const formAction = (): readonly string[] =>
    (typeof options.formAction === "function" ? options.formAction() : options.formAction) ?? [];
  const readiness = createReadiness(options.checks, (check, err) => log.warn({ check, err }, "not ready"));
  // The line of a request is made here, of values that are no secrets; looking through them for secrets would cost more
  // than all the rest of the line.
  const accessLog = log.child({}, { redact: [] });
  const app = new Hono<ShellEnv>();

  app.use(async (c, next) => {
    const startedAt = performance.now();
    const asked = c.req.header("x-request-id");
    const requestId = asked && CLIENT_REQUEST_ID.test(asked) ? asked : randomUUID();
    const socket = c.env.incoming?.socket;
    c.set("requestId", requestId);
    c.set("log", log.child({ requestId }));
    const verified = socket ? peerOfSocket(socket) : null;
    c.set("peer", verified?.peer ?? null);
    c.set("peerSerial", verified?.serial ?? null);
    c.set("clientAddress", clientAddress(c, trustedProxies));
    // 244 random bits out of Node's own pool; randomBytes asks the system each time, which costs 6 us.
    c.set("nonce", randomUUID() + randomUUID());
    c.set("stopping", stopping.signal);
    await next();
    let response = withOpenHeaders(c.res);
    response.headers.set("x-request-id", requestId);
    addSecurityHeaders(response.headers, { nonce: c.get("nonce"), formAction, hsts: options.hsts ?? false });
    if (stopping.signal.aborted) response.headers.set("connection", "close");
    if (response.headers.get("content-type")?.startsWith("text/event-stream"))
      response = endWithProcess(response, stopping.signal);
    // Hono copies the headers of the response it replaces; there is nothing of them to keep.
    if (response !== c.res) {
      c.res = undefined;
      c.res = response;
    }
    const seconds = (performance.now() - startedAt) / 1000;
    const { method, path } = c.req;
    const route = routePath(c, -1);
    metrics.observe({ method, route, status: response.status, seconds });
    const level = QUIET_PATHS.has(path) ? "debug" : "info";
    accessLog[level](
      {
        requestId,
        method,
        path: redactPath(path),
        status: response.status,
        durationMs: Math.round(seconds * 1e4) / 10,
      },
      "request",
    );
  });
  app.use(limitBodies(options.bodyLimit));

  app.get("/health", (c) => c.json({ status: "ok", version, uptimeSeconds: Math.floor(process.uptime()) }));
  app.get("/ready", async (c) => {
    const checks = await readiness();
    const isFailed = Object.values(checks).some((check) => check.status === "failed");
    const status = stopping.signal.aborted ? "stopping" : isFailed ? "failed" : "ok";
    return c.json({ status, checks } satisfies Readiness, status === "ok" ? 200 : 503);
  });
  if (options.exposeMetrics)
    app.get("/metrics", async () => {
      const body = await metrics.registry.metrics();
      return new Response(body, { headers: { "content-type": metrics.registry.contentType } });
    });

  app.notFound((c) =>
    problemResponse(new ServiceError("NOT_FOUND", `There is nothing at ${c.req.path}.`), c.get("requestId")),
  );
  app.onError((error, c) => {
    const expected = expectedError(error);
    const requestId = c.get("requestId");
    const own = options.answerError?.(c.req.path, expected, requestId);
    if (expected) return own ?? problemResponse(expected, requestId);
    if (c.req.raw.signal.aborted) c.get("log").info("the client went away");
    else c.get("log").error({ err: error }, "request failed");
    return own ?? unexpectedResponse(requestId);
  });

  const drain = () => stopping.abort();
  onDrain(drain);
  return { app, registry: metrics.registry, drain };
}
