/** The running agent: engine, reconciler, jobs, listeners, and the line to the control plane. */

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { takeOwnership } from "@kombify/embedded-postgres";
import { createUsageCounter } from "@kombify/flags";
import { type Listener, type Logger, listen } from "@kombify/server";
import { startAlias } from "./alias/start-alias.ts";
import type { AgentConfig } from "./config.ts";
import { type Connection, connectControlPlane } from "./control-plane/connection.ts";
import type { StoredIdentity } from "./control-plane/identity-store.ts";
import { createLink } from "./control-plane/link.ts";
import type { OpenEngine } from "./engine/home-engines.ts";
import { openEngine } from "./engine/open-engine.ts";
import { whyClosed } from "./engine/open-tenant.ts";
import type { PocketBaseLogin } from "./engine/pocketbase/client.ts";
import { watchFreshness } from "./flags/freshness.ts";
import { openHostFlags } from "./flags/host-flags.ts";
import { createFlagMetrics, uncounted } from "./flags/metrics.ts";
import { createJobFeed } from "./jobs/feed.ts";
import { startJobRunner } from "./jobs/runner.ts";
import { createControl } from "./operate/control.ts";
import { type Host, openHost } from "./operate/host.ts";
import { listenForCommands } from "./operate/socket.ts";
import { startReconciler } from "./reconcile/reconciler.ts";
import { createInternalShell, createPublicShell, type ServerParts } from "./server.ts";

const SESSION_SWEEP_MS = 60_000;

export type RunningAgent = { public: Listener; internal: Listener };
type OnStop = (stop: () => Promise<void>) => void;

const agentRuns = (home: string, pid: number): string =>
  `Another agent (process ${pid}) already runs in ${home}. Stop it, or choose another --home.`;

/**
 * Makes the home, and makes this process the only one that works in it.
 * @param inUse what to say when another one does.
 * @throws Error saying that.
 */
export async function takeHome(home: string, onStop: OnStop, inUse = agentRuns): Promise<void> {
  // PostgreSQL runs as another user where we are root, and has to pass through; what is secret has modes of its own.
  await mkdir(home, { recursive: true, mode: 0o711 });
  onStop(await takeOwnership(join(home, "agent"), (_, pid) => inUse(home, pid)));
}

/** Opens what the home has its data on. The home must be this process's own. */
export function openHome(
  { home, askedEngine, databaseUrl, pocketbase }: AgentConfig,
  { identity, settings }: StoredIdentity,
  log: Logger,
  onStop: OnStop,
  onPocketBase: (login: PocketBaseLogin) => void = () => undefined,
): Promise<Host> {
  const open: OpenEngine = (engine, onEngineStop) =>
    openEngine({ home, engine, databaseUrl, pocketbase, log, onPocketBase }, onEngineStop);
  const { instanceId } = identity;
  return openHost({ home, instanceId, joinedWith: settings.engine, asked: askedEngine, open, log }, onStop);
}

/**
 * Starts the agent from what is stored in its home; the control plane may be away.
 * @param onStop told what to stop later, in the order in which it was started.
 */
export async function startAgent(
  config: AgentConfig,
  stored: StoredIdentity,
  log: Logger,
  onStop: OnStop,
): Promise<RunningAgent> {
  const { identity } = stored;
  let login: PocketBaseLogin | undefined;
  const agentHost = await openHome(config, stored, log, onStop, (found) => {
    login = found;
  });
  const { engine } = agentHost.gate;
  const settings = config.settings({ ...stored.settings, engine: engine.kind });
  const { contactedAt } = await engine.shared.loadApplied();
  const link = createLink(contactedAt);
  const reconciler = await startReconciler(engine, identity.instanceId, log);
  onStop(() => reconciler.stop());

  let connection: Connection | undefined;
  const freshness = watchFreshness(contactedAt, () => connection?.reportSoon());
  const usage = createUsageCounter();
  const flagFeed = createJobFeed();
  let counters = uncounted;
  const flags = await openHostFlags({
    shared: engine.shared,
    document: reconciler.document,
    freshness,
    log,
    onChange: (tenantId) => {
      flagFeed.publish(tenantId);
      connection?.reportSoon();
    },
    onRefused: (reason) => counters.refused(reason),
  });

  const feed = createJobFeed();
  const runner = startJobRunner({ engine, feed, log });
  onStop(() => runner.stop());
  reconciler.onOpen(runner.wake);
  agentHost.onRestored = (tenant) => {
    feed.publish(tenant.id);
    runner.wake(tenant);
  };
  for (const tenant of await engine.shared.listTenants()) if (whyClosed(tenant, engine) === null) runner.wake(tenant);
  const sweep = setInterval(() => {
    engine.shared
      .removeExpiredSessions()
      .catch((err: unknown) => log.warn({ err }, "expired sessions were not removed"));
  }, SESSION_SWEEP_MS);
  onStop(async () => clearInterval(sweep));

  const parts: ServerParts = {
    engine,
    reconciler,
    feed,
    log,
    instanceId: identity.instanceId,
    publicUrl: settings.publicUrl,
    isProduction: config.isProduction,
    linkStatus: link.status,
    flags,
    freshness,
    flagFeed,
    usage,
    counters: () => counters,
    onHint: () => connection?.fetchNews(),
    onJob: runner.wake,
  };
  const { host } = config;
  // After the listeners: its last report counts what they answered.
  onStop(async () => connection?.stop());
  const publicListener = await listen({ fetch: createPublicShell(parts).app.fetch, host, port: settings.port });
  onStop(() => publicListener.close());
  const tls = { key: identity.key, cert: identity.certificate, ca: identity.caBundle };
  const internal = createInternalShell(parts);
  counters = createFlagMetrics(internal.registry, flags, freshness);
  const internalListener = await listen({ fetch: internal.app.fetch, host, port: settings.internalPort, tls });
  onStop(() => internalListener.close());
  const commands = await listenForCommands(config.home, createControl(agentHost).fetch);
  onStop(() => commands.close());
  const { aliasPort, isProduction, home } = config;
  if (aliasPort !== undefined && login && engine.kind === "pocketbase")
    await startAlias(
      {
        home,
        host,
        port: aliasPort,
        login,
        log,
        isProduction,
        metrics: internal.registry,
        onJobs: runner.wake,
        duringWrite: agentHost.gate.duringWrite,
      },
      onStop,
    );

  connection = connectControlPlane({
    home: config.home,
    stored: { ...stored, settings },
    engine,
    reconciler,
    link,
    flags,
    freshness,
    usage,
    log,
    onDocument: ({ revokedServiceSerials = [] }) =>
      void internalListener.dropPeers((_, serial) => revokedServiceSerials.includes(serial)),
    onIdentity: ({ key, certificate, caBundle }) =>
      internalListener.updateTls({ key, cert: certificate, ca: caBundle }),
  });
  log.info(
    { instanceId: identity.instanceId, publicUrl: settings.publicUrl, engine: engine.version },
    "stack-agent runs",
  );
  return { public: publicListener, internal: internalListener };
}
