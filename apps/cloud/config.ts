/** The environment of this process, read once. Packages take options; nothing else reads `process.env`. */
import { mailConflicts, mailVariables, type OidcProvider, oidcProvidersVariable } from "@kombify/api";
import { z } from "zod";

const addressSchema = z.url({ protocol: /^https?$/, error: "must be an http or https address" });

const databaseSchema = z.url({ protocol: /^postgres(?:ql)?$/, error: "must be a postgres:// address" });

const variablesSchema = z.object({
  NODE_ENV: z.enum(["development", "production", "test"]).default("production"),
  PORT: z.coerce.number({ error: "must be a port number" }).int().min(0).max(65_535).default(3000),
  GATEWAY_PORT: z.coerce.number({ error: "must be a port number" }).int().min(0).max(65_535).optional(),
  GATEWAY_HOST: z.string().min(1).default("127.0.0.1"),
  DATABASE_URL_FILE: z.string().optional(),
  KOMBIFY_ENCRYPTION_KEY: z.string({ error: "is missing; there is no default" }).min(1, "is empty"),
  KOMBIFY_ENCRYPTION_KEY_PREVIOUS: z.string().min(1, "is empty").optional(),
  OIDC_PROVIDERS: oidcProvidersVariable,
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: "must be a redis:// or rediss:// address" }).optional(),
  CLOUD_URL: addressSchema,
  ADMIN_URL: addressSchema,
  AGENT_API_URL: addressSchema,
  MAIL_MAILBOX: mailVariables.MAIL_MAILBOX,
});
/** A file may hold the address of the database in place of the variable. */
const environmentSchema = (hasAddressFile: boolean) =>
  variablesSchema
    .extend({ DATABASE_URL: hasAddressFile ? databaseSchema.optional() : databaseSchema })
    .superRefine((env, { addIssue }) => {
      for (const { path, message } of mailConflicts(env)) addIssue({ code: "custom", path: [path], message });
    });

export type Config = {
  isProduction: boolean;
  port: number;
  /** Where the gateway finds us over mTLS; null where there is none. */
  gateway: { port: number; host: string } | null;
  databaseUrl: string | undefined;
  /** Holds the address, in place of DATABASE_URL, and may be exchanged while the process runs. */
  databaseUrlFile: string | undefined;
  encryptionKey: string;
  /** The one before, while it is being exchanged. */
  previousEncryptionKey: string | undefined;
  oidcProviders: OidcProvider[];
  /** Where all processes count together; undefined where each counts for itself. */
  redisUrl: string | undefined;
  cloudUrl: string;
  adminUrl: string;
  agentApiUrl: string;
  /** The page `/dev/mailbox` shows everybody's mail to this machine. */
  hasMailbox: boolean;
};

/**
 * Reads the configuration.
 * @throws Error that names every bad variable at once, without its value.
 */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const parsed = environmentSchema(Boolean(environment.DATABASE_URL_FILE)).safeParse(environment);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`The environment of kombify Cloud is not complete:\n${lines.join("\n")}`);
  }
  const env = parsed.data;
  return {
    isProduction: env.NODE_ENV === "production",
    port: env.PORT,
    gateway: env.GATEWAY_PORT === undefined ? null : { port: env.GATEWAY_PORT, host: env.GATEWAY_HOST },
    databaseUrl: env.DATABASE_URL,
    databaseUrlFile: env.DATABASE_URL_FILE || undefined,
    encryptionKey: env.KOMBIFY_ENCRYPTION_KEY,
    previousEncryptionKey: env.KOMBIFY_ENCRYPTION_KEY_PREVIOUS,
    oidcProviders: env.OIDC_PROVIDERS,
    redisUrl: env.REDIS_URL,
    cloudUrl: env.CLOUD_URL,
    adminUrl: env.ADMIN_URL,
    agentApiUrl: env.AGENT_API_URL,
    hasMailbox: env.MAIL_MAILBOX === "development",
  };
}
