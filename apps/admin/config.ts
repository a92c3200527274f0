/** The environment of this process, read once. Packages take options; nothing else reads `process.env`. */
import { mailConflicts, mailVariables, type OidcProvider, oidcProvidersVariable } from "@kombify/api";
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

const variablesSchema = z.object({
  NODE_ENV: z
    .enum(["development", "production", "test"], { error: "must be development, production or test" })
    .default("production"),
  PORT: portSchema.default(3001),
  GATEWAY_PORT: portSchema.optional(),
  GATEWAY_HOST: z.string().min(1).default("127.0.0.1"),
  WORKER_DATABASE_URL: databaseSchema.optional(),
  DATABASE_URL_FILE: z.string().optional(),
  WORKER_DATABASE_URL_FILE: z.string().optional(),
  KOMBIFY_ENCRYPTION_KEY: z
    .string({ error: "is missing; there is no default" })
    .refine(isKey, "must be 32 bytes in base64"),
  KOMBIFY_ENCRYPTION_KEY_PREVIOUS: z.string().refine(isKey, "must be 32 bytes in base64").optional(),
  OIDC_PROVIDERS: oidcProvidersVariable,
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: "must be a redis:// or rediss:// address" }).optional(),
  CLOUD_URL: addressSchema,
  ADMIN_URL: addressSchema,
  AGENT_API_URL: z.url({ protocol: /^https$/, error: "must be an https address: agents come over mTLS" }),
  AGENT_API_PORT: portSchema.default(3002),
  ...mailVariables,
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
  /** Both null where the worker is a process of its own. */
  workerDatabaseUrl: string | null;
  workerDatabaseUrlFile: string | null;
  encryptionKey: string;
  /** The one before, while it is being exchanged. */
  previousEncryptionKey: string | undefined;
  oidcProviders: OidcProvider[];
  /** Where all processes count together; undefined where each counts for itself. */
  redisUrl: string | undefined;
  cloudUrl: string;
  adminUrl: string;
  agentApiUrl: string;
  agentApiPort: number;
  /** Where the worker sends mail. */
  mail: { kind: "smtp"; url: string; from: string } | { kind: "mailbox" } | { kind: "none" };
};

function mailOf({ SMTP_URL, MAIL_FROM, MAIL_MAILBOX }: z.output<typeof variablesSchema>): Config["mail"] {
  if (SMTP_URL && MAIL_FROM) return { kind: "smtp", url: SMTP_URL, from: MAIL_FROM };
  return { kind: MAIL_MAILBOX ? "mailbox" : "none" };
}

/**
 * Reads the configuration.
 * @throws Error that names every bad variable at once, without its value.
 */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const parsed = environmentSchema(Boolean(environment.DATABASE_URL_FILE)).safeParse(environment);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`The environment of the Admin center is not complete:\n${lines.join("\n")}`);
  }
  const env = parsed.data;
  return {
    isProduction: env.NODE_ENV === "production",
    port: env.PORT,
    gateway: env.GATEWAY_PORT === undefined ? null : { port: env.GATEWAY_PORT, host: env.GATEWAY_HOST },
    databaseUrl: env.DATABASE_URL,
    databaseUrlFile: env.DATABASE_URL_FILE || undefined,
    workerDatabaseUrl: env.WORKER_DATABASE_URL ?? null,
    workerDatabaseUrlFile: env.WORKER_DATABASE_URL_FILE || null,
    encryptionKey: env.KOMBIFY_ENCRYPTION_KEY,
    previousEncryptionKey: env.KOMBIFY_ENCRYPTION_KEY_PREVIOUS,
    oidcProviders: env.OIDC_PROVIDERS,
    redisUrl: env.REDIS_URL,
    cloudUrl: env.CLOUD_URL,
    adminUrl: env.ADMIN_URL,
    agentApiUrl: env.AGENT_API_URL,
    agentApiPort: env.AGENT_API_PORT,
    mail: mailOf(env),
  };
}
