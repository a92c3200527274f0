/** The environment of this process, read once. Packages take options; nothing else reads `process.env`. */
import { type OidcProvider, oidcProvidersVariable } from "@kombify/api";
import { z } from "zod";

const addressSchema = z.url({ protocol: /^https?$/, error: "must be an http or https address" });
const databaseSchema = z.url({ protocol: /^postgres(?:ql)?$/, error: "must be a postgres:// address" });
const portSchema = z.coerce
  .number({ error: "must be a port number" })
  .int("must be a port number")
  .min(0, "must be a port number")
  .max(65_535, "must be a port number, 65535 at most");

/** AES-256 keys are 32 bytes; base64 of them has 44 characters. */
const isKey = (text: string): boolean => Buffer.from(text, "base64").length === 32;

const environmentSchema = z.object({
  NODE_ENV: z
    .enum(["development", "production", "test"], { error: "must be development, production or test" })
    .default("production"),
  PORT: portSchema.default(3001),
  DATABASE_URL: databaseSchema,
  WORKER_DATABASE_URL: databaseSchema.optional(),
  KOMBIFY_ENCRYPTION_KEY: z
    .string({ error: "is missing; there is no default" })
    .refine(isKey, "must be 32 bytes in base64"),
  KOMBIFY_ENCRYPTION_KEY_PREVIOUS: z.string().refine(isKey, "must be 32 bytes in base64").optional(),
  OIDC_PROVIDERS: oidcProvidersVariable,
  CLOUD_URL: addressSchema,
  ADMIN_URL: addressSchema,
  AGENT_API_URL: z.url({ protocol: /^https$/, error: "must be an https address: agents come over mTLS" }),
  AGENT_API_PORT: portSchema.default(3002),
});

export type Config = {
  isProduction: boolean;
  port: number;
  databaseUrl: string;
  /** Null where the worker is a process of its own. */
  workerDatabaseUrl: string | null;
  encryptionKey: string;
  /** The one before, while it is being exchanged. */
  previousEncryptionKey: string | undefined;
  oidcProviders: OidcProvider[];
  cloudUrl: string;
  adminUrl: string;
  agentApiUrl: string;
  agentApiPort: number;
};

/**
 * Reads the configuration.
 * @throws Error that names every bad variable at once, without its value.
 */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const parsed = environmentSchema.safeParse(environment);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`The environment of the Admin center is not complete:\n${lines.join("\n")}`);
  }
  const env = parsed.data;
  return {
    isProduction: env.NODE_ENV === "production",
    port: env.PORT,
    databaseUrl: env.DATABASE_URL,
    workerDatabaseUrl: env.WORKER_DATABASE_URL ?? null,
    encryptionKey: env.KOMBIFY_ENCRYPTION_KEY,
    previousEncryptionKey: env.KOMBIFY_ENCRYPTION_KEY_PREVIOUS,
    oidcProviders: env.OIDC_PROVIDERS,
    cloudUrl: env.CLOUD_URL,
    adminUrl: env.ADMIN_URL,
    agentApiUrl: env.AGENT_API_URL,
    agentApiPort: env.AGENT_API_PORT,
  };
}
