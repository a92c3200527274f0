/** The identity provider as a process of its own, for `npm start`. */
import { readFile } from "node:fs/promises";
import { createLogger, runProcess } from "@kombify/server";
import { demoPeople } from "./people.ts";
import type { ProviderSecrets } from "./secrets.ts";
import { startIdentityProvider } from "./start-identity-provider.ts";

const log = createLogger({ name: "idp" });

/** @throws Error naming the variable; there are no defaults. */
function variable(name: "PORT" | "CLOUD_URL" | "IDP_CLIENT_ID" | "IDP_PROJECT_ID" | "IDP_SECRETS_FILE"): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is missing.`);
  return value;
}

/** `/health` and `/ready`, as every process has them. */
function answer(path: string) {
  if (path === "/health")
    return { status: 200, body: { status: "ok", version: "development", uptimeSeconds: Math.floor(process.uptime()) } };
  return path === "/ready" ? { status: 200, body: { status: "ok", checks: {} } } : null;
}

runProcess({ name: "idp", log }, async (onStop) => {
  const secrets = JSON.parse(await readFile(variable("IDP_SECRETS_FILE"), "utf8")) as ProviderSecrets;
  const cloudUrl = variable("CLOUD_URL");
  const idp = await startIdentityProvider({
    port: Number(variable("PORT")),
    signingKey: secrets.signingKey,
    cookieKey: secrets.cookieKey,
    projectId: variable("IDP_PROJECT_ID"),
    people: demoPeople(),
    clients: [
      {
        id: variable("IDP_CLIENT_ID"),
        secret: secrets.clientSecret,
        redirectUris: [`${cloudUrl}/api/auth/oidc/callback`],
        postLogoutRedirectUris: [`${cloudUrl}/`],
        backchannelLogoutUri: `${cloudUrl}/api/auth/oidc/backchannel-logout`,
      },
    ],
    answer,
    onError: (error) => log.warn({ reason: error.message }, "a request went wrong"),
  });
  onStop(() => idp.close());
  log.info({ url: idp.issuer }, "the identity provider is up");
});
