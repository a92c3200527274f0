/** kombify Cloud: the portal, and the API for customers. */
import { createControlPlane, onlyGateway, openGatewayListener } from "@kombify/api";
import { createLogger, listen, runProcess } from "@kombify/server";
import type { ServerBuild } from "@remix-run/node";
import { createCloudApp } from "./cloud-app.ts";
import { readConfig } from "./config.ts";
import packageJson from "./package.json" with { type: "json" };

const log = createLogger({ name: "cloud" });

runProcess({ name: "cloud", log }, async (onStop) => {
  const config = readConfig(process.env);
  const controlPlane = await createControlPlane({
    databaseUrl: config.databaseUrl,
    databaseUrlFile: config.databaseUrlFile,
    encryptionKey: config.encryptionKey,
    previousEncryptionKey: config.previousEncryptionKey,
    oidcProviders: config.oidcProviders,
    redisUrl: config.redisUrl,
    audience: "cloud",
    log,
    cloudUrl: config.cloudUrl,
    adminUrl: config.adminUrl,
    agentApiUrl: config.agentApiUrl,
    hasMailbox: config.hasMailbox,
    secureCookies: config.cloudUrl.startsWith("https:"),
  });
  onStop(() => controlPlane.close());
  // Built by "vite:build"; its name is not written out, so that type checking does not need the build.
  const buildPath: string = new URL("./build/server/index.js", import.meta.url).href;
  const build: ServerBuild = await import(buildPath);
  const options = {
    controlPlane,
    build,
    clientDir: new URL("./build/client", import.meta.url).pathname,
    cloudUrl: config.cloudUrl,
    issuers: config.oidcProviders.map(({ issuer }) => issuer),
    isProduction: config.isProduction,
    version: packageJson.version,
    log,
  };
  const { app } = createCloudApp(options);
  if (config.gateway) {
    const forGateway = createCloudApp({ ...options, onlyGateway: onlyGateway(controlPlane) });
    const gateway = await openGatewayListener(forGateway.app, controlPlane, config.gateway);
    onStop(() => gateway.close());
  }
  const listener = await listen({ fetch: app.fetch, port: config.port });
  onStop(() => listener.close());
  log.info({ url: listener.url, gatewayPort: config.gateway?.port }, "cloud is up");
});
