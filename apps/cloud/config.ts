/** The environment of this process, read once. Packages take options; nothing else reads `process.env`. */
import { type OidcProvider, oidcProvidersVariable } from "@kombify/api";
import { z } from "zod";

const addressSchema = z.url({ protocol: /^https?$/, error: "must be an http or https address" });

const environmentSchema = z.object({
  NODE_ENV: z.enum(["development", "production", "test"]).default("production"),
  PORT: z.coerce.number({ error: "must be a port number" }).int().min(0).max(65_535).default(3000),
  DATABASE_URL: z.url({ protocol: /^postgres(?:ql)?$/, error: "must be a postgres:// address" }),
  KOMBIFY_ENCRYPTION_KEY: z.string({ error: "is missing; there is no default" }).min(1, "is empty"),
  KOMBIFY_ENCRYPTION_KEY_PREVIOUS: z.string().min(1, "is empty").optional(),
  OIDC_PROVIDERS: oidcProvidersVariable,
  CLOUD_URL: addressSchema,
  ADMIN_URL: addressSchema,
  AGENT_API_URL: addressSchema,
});

export type Config = {
  isProduction: boolean;
  port: number;
  databaseUrl: string;
  encryptionKey: string;
  /** The one before, while it is being exchanged. */
  previousEncryptionKey: string | undefined;
  oidcProviders: OidcProvider[];
  cloudUrl: string;
  adminUrl: string;
  agentApiUrl: string;
};

/**
 * Reads the configuration.
 * @throws Error that names every bad variable at once, without its value.
 */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const parsed = environmentSchema.safeParse(environment);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`The environment of kombify Cloud is not complete:\n${lines.join("\n")}`);
  }
  const env = parsed.data;
  return {
    isProduction: env.NODE_ENV === "production",
    port: env.PORT,
    databaseUrl: env.DATABASE_URL,
    encryptionKey: env.KOMBIFY_ENCRYPTION_KEY,
    previousEncryptionKey: env.KOMBIFY_ENCRYPTION_KEY_PREVIOUS,
    oidcProviders: env.OIDC_PROVIDERS,
    cloudUrl: env.CLOUD_URL,
    adminUrl: env.ADMIN_URL,
    agentApiUrl: env.AGENT_API_URL,
  };
}
