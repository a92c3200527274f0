/** The identity provider of a development system: its secrets, its process, and what the portals have to know of it. */
import { join } from "node:path";
import { generateProviderSecrets, type ProviderSecrets } from "@kombify/embedded-idp";
import { z } from "zod";
import { ROOT, readIfThere, type Settings, writePrivate } from "./settings.ts";

const CLIENT_ID = "kombify-cloud";
/** Zitadel's ids are digits. */
const PROJECT_ID = "300000000000000001";
const FOLDER = join(ROOT, "packages", "embedded-idp");

const secretsSchema = z.object({
  signingKey: z.looseObject({ kid: z.string(), kty: z.literal("RSA"), d: z.string() }),
  cookieKey: z.string().min(1),
  clientSecret: z.string().min(1),
});
const secretsFile = (home: string): string => join(home, "identity-provider.json");

/** The provider's key and our secret with it, generated on first use and kept: tokens and links outlive a restart. */
export async function openProviderSecrets(home: string): Promise<ProviderSecrets> {
  const file = secretsFile(home);
  const existing = await readIfThere(file);
  if (existing !== null) {
    const parsed = secretsSchema.safeParse(JSON.parse(existing));
    if (parsed.success) return parsed.data;
    throw new Error(`${file} is not complete. Remove it to have new secrets; people sign in again then.`);
  }
  const secrets = await generateProviderSecrets();
  await writePrivate(file, secrets);
  return secrets;
}

/** The variable `OIDC_PROVIDERS` of the portals: what the person set, or the provider of this system. */
export const oidcProvidersOf = (settings: Settings, { clientSecret }: ProviderSecrets): string =>
  settings.oidcProviders ??
  JSON.stringify([
    {
      id: "zitadel",
      name: "kombify ID",
      issuer: settings.idpUrl,
      clientId: CLIENT_ID,
      clientSecret,
      projectId: PROJECT_ID,
    },
  ]);

/** What its process is started with. */
export function identityProviderPart({ home, ports, cloudUrl, idpUrl }: Settings) {
  return {
    name: "idp",
    args: [join(FOLDER, "src", "main.ts")],
    cwd: FOLDER,
    url: idpUrl,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      NODE_ENV: "production",
      PORT: String(ports.IDP_PORT),
      CLOUD_URL: cloudUrl,
      IDP_CLIENT_ID: CLIENT_ID,
      IDP_PROJECT_ID: PROJECT_ID,
      IDP_SECRETS_FILE: secretsFile(home),
    },
  };
}
