/** The Admin center: the portal for staff, the listener for agents, and the worker where it has no process of its own. */
import {
  createControlPlane,
  onlyGateway,
  openGatewayListener,
  openSmtp,
  seedOwnFlags,
  startWorker,
} from "@kombify/api";
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
    databaseUrlFile: config.databaseUrlFile,
    workerDatabaseUrlFile: config.workerDatabaseUrlFile ?? undefined,
    encryptionKey: config.encryptionKey,
    previousEncryptionKey: config.previousEncryptionKey,
    oidcProviders: config.oidcProviders,
    redisUrl: config.redisUrl,
    audience: "admin",
    log,
    cloudUrl: config.cloudUrl,
    adminUrl: config.adminUrl,
    agentApiUrl: config.agentApiUrl,
    secureCookies: config.adminUrl.startsWith("https:"),
  });
  onStop(() => controlPlane.close());
  // Code that asks for one that is missing has its default: no reason not to start.
  await seedOwnFlags(controlPlane.asSystem("seed-own-flags")).then(
    (keys) => keys.length > 0 && log.info({ keys }, "our own flags were made"),
    (err: unknown) => log.error({ err }, "our own flags could not be made"),
  );
  const { workerDatabaseUrl, workerDatabaseUrlFile } = config;
  const hasWorker = workerDatabaseUrl !== null || workerDatabaseUrlFile !== null;
  if (hasWorker) {
    const { db, can } = controlPlane;
    const mail = config.mail.kind === "smtp" ? openSmtp(config.mail) : config.mail;
    if (mail.kind === "none") log.warn("there is no mail server: mail waits until SMTP_URL and MAIL_FROM are set");
    const worker = await startWorker({
      db,
      workerDatabaseUrl: workerDatabaseUrl ?? undefined,
      workerDatabaseUrlFile: workerDatabaseUrlFile ?? undefined,
      can,
      log,
      mail,
    });
    onStop(() => worker.stop());
  }
  // Built by "vite:build"; its name is not written out, so that type checking does not need the build.
  const buildPath: string = new URL("./build/server/index.js", import.meta.url).href;
  const build: ServerBuild = await import(buildPath);
  const options = {
    controlPlane,
    build,
    clientDir: new URL("./build/client", import.meta.url).pathname,
    adminUrl: config.adminUrl,
    isProduction: config.isProduction,
    version,
    log,
  };
  const { app } = createAdminApp(options);
  if (config.gateway) {
    const forGateway = createAdminApp({ ...options, onlyGateway: onlyGateway(controlPlane) });
    const gateway = await openGatewayListener(forGateway.app, controlPlane, config.gateway);
    onStop(() => gateway.close());
  }
  const agents = await openAgentListener({ controlPlane, port: config.agentApiPort, version, log });
  onStop(() => agents.close());
  const listener = await listen({ fetch: app.fetch, port: config.port });
  onStop(() => listener.close());
  log.info({ url: listener.url, agents: agents.url, worker: hasWorker }, "admin is up");
});
