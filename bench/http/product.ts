/** Process: the control plane's API in the HTTP shell, mounted as in apps/cloud, without the pages. */
import { createControlPlane, oidcProvidersVariable, requestInfoOf } from "@kombify/api";
import { createLogger, createShell, listen, runProcess } from "@kombify/server";

const { DATABASE_URL: databaseUrl, KOMBIFY_ENCRYPTION_KEY: encryptionKey, REDIS_URL: redisUrl } = process.env;
if (!databaseUrl || !encryptionKey) throw new Error("DATABASE_URL or KOMBIFY_ENCRYPTION_KEY is missing.");
const log = createLogger({ name: "product" });

runProcess({ name: "product", log }, async (onStop) => {
  const plane = await createControlPlane({
    databaseUrl,
    encryptionKey,
    redisUrl,
    countsRequests: !process.env.UNCOUNTED,
    oidcProviders: oidcProvidersVariable.parse(process.env.OIDC_PROVIDERS),
    audience: "cloud",
    log,
    cloudUrl: "http://localhost:3000",
    adminUrl: "http://localhost:3001",
    agentApiUrl: "https://localhost:3002",
    secureCookies: false,
  });
  onStop(() => plane.close());
  const { app } = createShell({ name: "product", version: "bench", log, checks: plane.checks, exposeMetrics: false });
  app.all("*", async (c, next) => (await plane.handle(c.req.raw, requestInfoOf(c))) ?? next());
  const listener = await listen({ fetch: app.fetch, port: 0 });
  onStop(() => listener.close());
  process.send?.(listener.url);
});
