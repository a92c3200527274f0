/** The two listeners of a Stack: one for browsers and API clients, one for our own services over mTLS. */
import { exchangeRequestSchema, hintSchema, ServiceError, type ServiceName } from "@kombify/agent-contract";
import { ofrepRefusal, type UsageCounter } from "@kombify/flags";
import { createShell, type Logger, readJson, type Shell, type ShellEnv } from "@kombify/server";
import type { MiddlewareHandler } from "hono";
import { refuseLaunch } from "./console/pages/outside.ts";
import { consoleRoutes } from "./console/routes.ts";
import type { LinkStatus } from "./control-plane/link.ts";
import type { Engine, TenantRef } from "./engine/engine.ts";
import { APPLY_LIMIT, APPLY_PATH, handleApply } from "./flags/apply-route.ts";
import type { FreshnessWatch } from "./flags/freshness.ts";
import type { HostFlags } from "./flags/host-flags.ts";
import { describeFlags, type FlagCounters } from "./flags/metrics.ts";
import { ofrepRoutes } from "./flags/ofrep.ts";
import type { JobFeed } from "./jobs/feed.ts";
import type { Reconciler } from "./reconcile/reconciler.ts";
import { handleCallback } from "./sso/callback.ts";
import { exchangeAssertion } from "./sso/exchange.ts";
import { createSessions } from "./sso/sessions.ts";
import { identifyPublic, identifyService } from "./stack-api/identify.ts";
import { stackApi } from "./stack-api/routes.ts";
import { tenantMiddleware } from "./stack-api/tenant-middleware.ts";
import { AGENT_VERSION } from "./version.ts";

export type ServerParts = {
  engine: Engine;
  reconciler: Reconciler;
  feed: JobFeed;
  log: Logger;
  instanceId: string;
  publicUrl: string;
  isProduction: boolean;
  linkStatus: () => LinkStatus;
  flags: HostFlags;
  freshness: FreshnessWatch;
  /** Tells of tenants whose flags have changed. */
  flagFeed: JobFeed;
  usage: UsageCounter;
  counters: () => FlagCounters;
  /** There is something new at the control plane. */
  onHint: () => void;
  /** A write left a job for this tenant. */
  onJob: (tenant: TenantRef) => void;
};

const checksOf = ({ engine, linkStatus, flags, freshness }: ServerParts) => ({
  engine: async () => {
    await engine.check();
    return engine.version;
  },
  // A Stack serves without its control plane, so this check tells and never fails.
  controlPlane: async () => {
    const { isConnected, lastContactAt } = linkStatus();
    return isConnected ? "connected" : `away, last heard ${lastContactAt?.toISOString() ?? "never"}`;
  },
  // Nor does it need new flags.
  flags: async () => describeFlags(flags, freshness),
});

export function createPublicShell(parts: ServerParts): Shell {
  const { engine, reconciler, log, instanceId, publicUrl, onJob } = parts;
  const portalOrigins = () =>
    [reconciler.document()?.portalOrigin].flatMap((url) => (url ? [new URL(url).origin] : []));
  const shell = createShell({
    name: "stack",
    version: AGENT_VERSION,
    log,
    checks: checksOf(parts),
    exposeMetrics: !parts.isProduction,
    formAction: portalOrigins,
    hsts: publicUrl.startsWith("https:"),
    answerError: ofrepRefusal,
  });
  const { document } = reconciler;
  const sessions = createSessions(engine, instanceId, document);
  const identify = identifyPublic(engine, sessions, reconciler.hurry);
  shell.app.post("/sso/callback", handleCallback({ sessions, document, refuse: refuseLaunch(document) }));
  shell.app.use("/v1/*", tenantMiddleware(identify, publicUrl) as MiddlewareHandler);
  shell.app.route("/v1", stackApi(onJob) as never);
  shell.app.route("/ofrep/v1", ofrepRoutes({ ...parts, identify }) as never);
  shell.app.route("/", consoleRoutes({ ...parts, sessions, identify, document }) as never);
  return shell;
}

/** @throws ServiceError FORBIDDEN for everybody but the services named. */
function onlyServices(...names: ServiceName[]): MiddlewareHandler<ShellEnv> {
  return async (c, next) => {
    const peer = c.get("peer");
    if (peer?.kind !== "service" || !names.includes(peer.name))
      throw new ServiceError("FORBIDDEN", "Only kombify's own services may call this, with their certificate.");
    await next();
  };
}

/** @throws ServiceError FORBIDDEN for a service whose certificate the control plane has taken back. */
function refuseRevoked(document: Reconciler["document"]): MiddlewareHandler<ShellEnv> {
  return async (c, next) => {
    const serial = c.get("peerSerial");
    if (serial && document()?.revokedServiceSerials?.includes(serial))
      throw new ServiceError("FORBIDDEN", "This service's certificate was revoked. It needs a new one.");
    await next();
  };
}

export function createInternalShell(parts: ServerParts): Shell {
  const { engine, reconciler, log, publicUrl, onHint, onJob, flags } = parts;
  const shell = createShell({
    name: "stack-internal",
    version: AGENT_VERSION,
    log,
    checks: checksOf(parts),
    exposeMetrics: true,
    bodyLimit: (path) => (path === APPLY_PATH ? APPLY_LIMIT : undefined),
    answerError: ofrepRefusal,
  });
  shell.app.use(refuseRevoked(reconciler.document));
  shell.app.post("/api/internal/sso/exchange", onlyServices("cloud", "gateway"), async (c) => {
    const { assertion } = await readJson(c, exchangeRequestSchema);
    c.header("cache-control", "no-store");
    return c.json(
      await exchangeAssertion(
        { engine, document: reconciler.document(), publicUrl, onAwaited: reconciler.hurry },
        assertion,
      ),
    );
  });
  shell.app.post("/api/internal/hint", onlyServices("admin", "cloud"), async (c) => {
    await readJson(c, hintSchema);
    onHint();
    return c.body(null, 202);
  });
  shell.app.post(APPLY_PATH, onlyServices("admin", "cloud"), (c) => handleApply(c, flags, engine.shared));
  const identify = identifyService(engine, reconciler.document, reconciler.hurry);
  shell.app.use("/v1/*", tenantMiddleware(identify, publicUrl) as MiddlewareHandler);
  shell.app.route("/v1", stackApi(onJob) as never);
  shell.app.route("/ofrep/v1", ofrepRoutes({ ...parts, identify }) as never);
  return shell;
}
