/** What answers on Cloud's port: built files first, then the API, then the pages. */
import { serveStatic } from "@hono/node-server/serve-static";
import { type ControlPlane, requestInfoOf } from "@kombify/api";
import { ofrepRefusal } from "@kombify/flags";
import { createShell, type Logger, type Shell, type ShellEnv } from "@kombify/server";
import { type AppLoadContext, createRequestHandler, type ServerBuild } from "@remix-run/node";
import type { MiddlewareHandler } from "hono";
import type {} from "./app/load-context.ts";
import { addSecretPageHeaders, redactPath } from "./secret-paths.ts";

export type CloudAppOptions = {
  controlPlane: Pick<ControlPlane, "handle" | "caller" | "checks" | "measureIn">;
  build: ServerBuild;
  /** The folder of the browser build, `build/client`. */
  clientDir: string;
  /** Where browsers reach this portal. */
  cloudUrl: string;
  /** Identity providers, to which forms lead that sign out or connect one: a browser checks where redirects end. */
  issuers: readonly string[];
  isProduction: boolean;
  version: string;
  log: Logger;
  /** For the listener of the gateway: lets nobody else pass. Its word for where a request came from is believed. */
  onlyGateway?: MiddlewareHandler<ShellEnv>;
};

/** The built names hold a hash of their content: a changed file has another name. */
const IMMUTABLE = "public, max-age=31536000, immutable";

/** The portal as a shell with its routes. Set-Cookie of calls that pages make reaches the browser from here. */
export function createCloudApp(options: CloudAppOptions): Shell {
  const { controlPlane, build, clientDir, cloudUrl, isProduction, log, onlyGateway } = options;
  const shell = createShell({
    name: onlyGateway ? "cloud-gateway" : "cloud",
    version: options.version,
    log,
    checks: controlPlane.checks,
    // "Production" is where others can reach it; `npm start` builds for production on one's own machine.
    exposeMetrics: !onlyGateway && (!isProduction || new URL(cloudUrl).hostname === "localhost"),
    trustedProxies: onlyGateway ? 1 : 0,
    formAction: [...new Set(options.issuers.map((issuer) => new URL(issuer).origin))],
    hsts: cloudUrl.startsWith("https:"),
    redactPath,
    answerError: ofrepRefusal,
  });
  controlPlane.measureIn(shell.registry);
  const { app } = shell;
  if (onlyGateway) app.use(onlyGateway);
  const remix = createRequestHandler(build, isProduction ? "production" : "development");

  const assets = serveStatic({
    root: clientDir,
    precompressed: true,
    onFound: (_path, c) => c.header("cache-control", IMMUTABLE),
  });
  // Ends here when there is no such file: a missing script must not come back as a page.
  app.get("/assets/*", assets, (c) => c.notFound());
  app.get(
    "/favicon.svg",
    serveStatic({ root: clientDir, onFound: (_p, c) => c.header("cache-control", "public, max-age=86400") }),
  );

  // The gateway's name for the health of this portal.
  app.get("/v1/portal/health", (c) => app.fetch(new Request(new URL("/health", c.req.url)), c.env));

  app.all("*", async (c, next) => (await controlPlane.handle(c.req.raw, requestInfoOf(c))) ?? next());

  app.all("*", async (c) => {
    const info = requestInfoOf(c);
    const answered: Headers[] = [];
    const callerOf = (request: Request) => {
      const { api, responseHeaders } = controlPlane.caller(request, info);
      answered.push(responseHeaders);
      return api;
    };
    const context: AppLoadContext = {
      api: callerOf(c.req.raw),
      apiWith: ({ idempotencyKey }) => callerOf(withIdempotencyKey(c.req.raw, idempotencyKey)),
      nonce: c.get("nonce"),
      requestId: info.requestId,
      log: info.log,
      cloudUrl,
    };
    const response = await remix(c.req.raw, context);
    const headers = new Headers(response.headers);
    for (const cookie of answered.flatMap((each) => each.getSetCookie())) headers.append("set-cookie", cookie);
    addSecretPageHeaders(new URL(c.req.url).pathname, headers);
    // What a page shows belongs to one person, and is gone with the session. Data alone may be kept for the moment
    // between pointing at a link and following it.
    const isData = new URL(c.req.url).pathname.endsWith(".data");
    if (!headers.has("cache-control")) headers.set("cache-control", isData ? "private, no-cache" : "private, no-store");
    return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
  });
  return shell;
}

/** A form has no headers of its own; its key travels as a field. The body has been read by then and is left out. */
function withIdempotencyKey(request: Request, key: string): Request {
  const headers = new Headers(request.headers);
  headers.set("idempotency-key", key);
  return new Request(request.url, { headers, signal: request.signal });
}
