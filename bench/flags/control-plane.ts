/** Process: the control plane with the listener for agents, mounted as in apps/admin, without the pages. */
import { createControlPlane, mountAgentApi } from "@kombify/api";
import { createLogger, createShell, listen, runProcess } from "@kombify/server";
import { giveCertificates } from "./certificates.ts";

const { DATABASE_URL: databaseUrl, KOMBIFY_ENCRYPTION_KEY: encryptionKey, CERTIFICATES_FILE: file } = process.env;
if (!databaseUrl || !encryptionKey || !file)
  throw new Error("DATABASE_URL, KOMBIFY_ENCRYPTION_KEY or CERTIFICATES_FILE is missing.");
const log = createLogger({ name: "control-plane" });

runProcess({ name: "control-plane", log }, async (onStop) => {
  const plane = await createControlPlane({
    databaseUrl,
    encryptionKey,
    audience: "admin",
    log,
    cloudUrl: "http://localhost:3000",
    adminUrl: "http://localhost:3001",
    agentApiUrl: "https://localhost:3002",
    secureCookies: false,
  });
  onStop(() => plane.close());
  await giveCertificates(plane, file);
  const { app } = createShell({ name: "agent-api", version: "bench", log, checks: plane.checks, exposeMetrics: false });
  mountAgentApi(app, plane);
  const listener = await listen({ fetch: app.fetch, port: 0, tls: plane.identity.current() });
  onStop(() => listener.close());
  process.send?.({ url: listener.url, pid: process.pid });
});
