/** The Admin center: the portal for staff, the listener for agents, and the worker where it has no process of its own. */
import { createControlPlane, startWorker } from "@kombify/api";
import { createLogger, listen, runProcess } from "@kombify/server";
import type { ServerBuild } from "@remix-run/node";
import { createAdminApp } from "./admin-app.ts";
import { openAgentListener } from "./agent-listener.ts";
import { readConfig } from "./config.ts";
import packageJson from "./package.json" with { type: "json" };

const log = createLogger({ name: "admin" });
const { version } = packageJson;

runProcess({ name: "admin", log }, async (onStop) => {
  const config = readConfig(process.env);
  const controlPlane = await createControlPlane({
    databaseUrl: config.databaseUrl,
    encryptionKey: config.encryptionKey,
    previousEncryptionKey: config.previousEncryptionKey,
    oidcProviders: config.oidcProviders,
    audience: "admin",
    log,
    cloudUrl: config.cloudUrl,
    adminUrl: config.adminUrl,
    agentApiUrl: config.agentApiUrl,
    secureCookies: config.adminUrl.startsWith("https:"),
  });
  onStop(() => controlPlane.close());
  if (config.workerDatabaseUrl !== null) {
    const { db, can } = controlPlane;
    const worker = await startWorker({ db, workerDatabaseUrl: config.workerDatabaseUrl, can, log });
    onStop(() => worker.stop());
  }
  // Built by "vite:build"; its name is not written out, so that type checking does not need the build.
  const buildPath: string = new URL("./build/server/index.js", import.meta.url).href;
  const build: ServerBuild = await import(buildPath);
  const { app } = createAdminApp({
    controlPlane,
    build,
    clientDir: new URL("./build/client", import.meta.url).pathname,
    adminUrl: config.adminUrl,
    isProduction: config.isProduction,
    version,
    log,
  });
  const agents = await openAgentListener({ controlPlane, port: config.agentApiPort, version, log });
  onStop(() => agents.close());
  const listener = await listen({ fetch: app.fetch, port: config.port });
  onStop(() => listener.close());
  log.info({ url: listener.url, agents: agents.url, worker: config.workerDatabaseUrl !== null }, "admin is up");
});
