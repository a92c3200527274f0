/** kombify Cloud: the portal, and the API for customers. */
import { createControlPlane } from "@kombify/api";
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
    encryptionKey: config.encryptionKey,
    previousEncryptionKey: config.previousEncryptionKey,
    oidcProviders: config.oidcProviders,
    audience: "cloud",
    log,
    cloudUrl: config.cloudUrl,
    adminUrl: config.adminUrl,
    agentApiUrl: config.agentApiUrl,
    secureCookies: config.cloudUrl.startsWith("https:"),
  });
  onStop(() => controlPlane.close());
  // Built by "vite:build"; its name is not written out, so that type checking does not need the build.
  const buildPath: string = new URL("./build/server/index.js", import.meta.url).href;
  const build: ServerBuild = await import(buildPath);
  const { app } = createCloudApp({
    controlPlane,
    build,
    clientDir: new URL("./build/client", import.meta.url).pathname,
    cloudUrl: config.cloudUrl,
    isProduction: config.isProduction,
    version: packageJson.version,
    log,
  });
  const listener = await listen({ fetch: app.fetch, port: config.port });
  onStop(() => listener.close());
  log.info({ url: listener.url }, "cloud is up");
});
