/** What answers on the Admin center's port: built files first, then the API, then the pages. */
import { serveStatic } from "@hono/node-server/serve-static";
import { FLAGS_BODY_LIMIT } from "@kombify/agent-contract";
import { type ControlPlane, requestInfoOf } from "@kombify/api";
import { createShell, type Logger, type Shell, type ShellEnv } from "@kombify/server";
import { type AppLoadContext, createRequestHandler, type ServerBuild } from "@remix-run/node";
import type { MiddlewareHandler } from "hono";
import { compress } from "hono/compress";

export type AdminAppOptions = {
  controlPlane: Pick<ControlPlane, "handle" | "caller" | "checks" | "measureIn">;
  build: ServerBuild;
  /** The folder of the browser build, `build/client`. */
  clientDir: string;
  /** Where browsers reach the Admin center. */
  adminUrl: string;
  isProduction: boolean;
  version: string;
  log: Logger;
  /** For the listener of the gateway: lets nobody else pass. Its word for where a request came from is believed. */
  onlyGateway?: MiddlewareHandler<ShellEnv>;
};

/** The built names hold a hash of their content: a changed file has another name. */
const IMMUTABLE = "public, max-age=31536000, immutable";

/** Where a whole file of flags comes in, from programs and from the page. Rules in it may be nested deeper than other bodies. */
const FLAG_FILES = ["/api/admin/flags/import", "/trpc/flags.importFile", "/flags/import", "/flags/import.data"];
const FLAG_FILE_LIMIT = { maxBytes: FLAGS_BODY_LIMIT, maxDepth: 96 };

/** The Admin center as a shell with its routes. Set-Cookie of calls that pages make reaches the browser from here. */
export function createAdminApp(options: AdminAppOptions): Shell {
  const { controlPlane, build, clientDir, isProduction, log, onlyGateway } = options;
  const shell = createShell({
    name: onlyGateway ? "admin-gateway" : "admin",
    version: options.version,
    log,
    checks: controlPlane.checks,
    exposeMetrics: !onlyGateway && !isProduction,
    trustedProxies: onlyGateway ? 1 : 0,
    bodyLimit: (path) => (FLAG_FILES.includes(path) ? FLAG_FILE_LIMIT : undefined),
    hsts: options.adminUrl.startsWith("https:"),
  });
  controlPlane.measureIn(shell.registry);
  const { app } = shell;
  if (onlyGateway) app.use(onlyGateway);
  const remix = createRequestHandler(build, isProduction ? "production" : "development");

  const assets = serveStatic({ root: clientDir, onFound: (_path, c) => c.header("cache-control", IMMUTABLE) });
  // Ends here when there is no such file: a missing script must not come back as a page.
  app.get("/assets/*", compress(), assets, (c) => c.notFound());
  app.get(
    "/favicon.svg",
    serveStatic({ root: clientDir, onFound: (_p, c) => c.header("cache-control", "public, max-age=86400") }),
  );

  app.all("*", async (c, next) => (await controlPlane.handle(c.req.raw, requestInfoOf(c))) ?? next());

  app.all("*", async (c) => {
    const info = requestInfoOf(c);
    const { api, responseHeaders } = controlPlane.caller(c.req.raw, info);
    const context: AppLoadContext = { api, nonce: c.get("nonce"), requestId: info.requestId, log: info.log };
    const response = await remix(c.req.raw, context);
    const headers = new Headers(response.headers);
    for (const cookie of responseHeaders.getSetCookie()) headers.append("set-cookie", cookie);
    // What a page shows is for staff who are signed in, and is gone with the session. Data alone may be kept for the
    // moment between pointing at a link and following it.
    const isPrefetchable = c.req.method === "GET" && new URL(c.req.url).pathname.endsWith(".data");
    if (!headers.has("cache-control"))
      headers.set("cache-control", isPrefetchable ? "private, no-cache" : "private, no-store");
    return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
  });
  return shell;
}
