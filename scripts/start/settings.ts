import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ENGINES, pocketbaseConflicts, pocketbaseVariables } from "@kombify/agent-contract";
import { z } from "zod";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const portSchema = z.coerce.number({ error: "must be a port number" }).int().min(1).max(65_535);

const variablesSchema = z.object({
  KOMBIFY_HOME: z.string().min(1, "must be a folder").default(".kombify"),
  CLOUD_PORT: portSchema.default(3000),
  ADMIN_PORT: portSchema.default(3001),
  AGENT_API_PORT: portSchema.default(3002),
  CLOUD_GATEWAY_PORT: portSchema.optional(),
  ADMIN_GATEWAY_PORT: portSchema.optional(),
  STACK_PORT: portSchema.default(3100),
  STACK_INTERNAL_PORT: portSchema.default(3101),
  IDP_PORT: portSchema.default(3200),
  DATABASE_URL: z.url({ protocol: /^postgres(?:ql)?$/, error: "must be a postgres:// address" }).optional(),
  OIDC_PROVIDERS: z.string().optional(),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: "must be a redis:// or rediss:// address" }).optional(),
  KOMBIFY_ENGINE: z.enum(ENGINES, { error: `must be ${ENGINES.join(" or ")}` }).optional(),
  ...pocketbaseVariables,
  SMTP_URL: z.string().optional(),
  MAIL_FROM: z.string().optional(),
});
const environmentSchema = variablesSchema.superRefine((given, { addIssue }) => {
  for (const { path, message } of pocketbaseConflicts(given)) addIssue({ code: "custom", path: [path], message });
});

/** The settings that are the local Stack's alone. */
const STACK_SETTINGS = [
  "KOMBIFY_ENGINE",
  "POCKETBASE_URL",
  "POCKETBASE_BIN",
  "POCKETBASE_SUPERUSER_EMAIL",
  "POCKETBASE_SUPERUSER_PASSWORD",
] as const satisfies ReadonlyArray<keyof z.output<typeof variablesSchema>>;

/** The settings of the portals' mail, which the portals check. */
const MAIL_SETTINGS = ["SMTP_URL", "MAIL_FROM"] as const;

/** The settings that are ports, for finding out early that one is taken. */
export const PORT_SETTINGS = [
  "CLOUD_PORT",
  "ADMIN_PORT",
  "AGENT_API_PORT",
  "STACK_PORT",
  "STACK_INTERNAL_PORT",
  "IDP_PORT",
] as const;

export type Settings = {
  home: string;
  ports: Record<(typeof PORT_SETTINGS)[number], number>;
  /** Where the portals listen for a gateway; nowhere unless asked. */
  gatewayPorts: { cloud?: number | undefined; admin?: number | undefined };
  /** The owner's address of a server of the user's own; otherwise one is started. */
  databaseUrl: string | undefined;
  /** Identity providers of the user's own, as the portals read them; otherwise one is started. Holds secrets. */
  oidcProviders: string | undefined;
  /** Where processes count together; without it each counts for itself. */
  redisUrl: string | undefined;
  /** Environment of the local Stack: what stores the records of its tenants. Holds a password. */
  stackEnvironment: NodeJS.ProcessEnv;
  /** Environment of the portals: a mail server of the user's own, which has a password, or the mailbox page. */
  mailEnvironment: NodeJS.ProcessEnv;
  cloudUrl: string;
  adminUrl: string;
  agentApiUrl: string;
  stackUrl: string;
  stackInternalUrl: string;
  idpUrl: string;
};

const pick = <T extends object, const K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> =>
  Object.fromEntries(keys.filter((key) => from[key] !== undefined).map((key) => [key, from[key]])) as Pick<T, K>;

/**
 * Reads the settings of `npm start`.
 * @throws Error naming every bad one at once.
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  // An empty variable is how shells and compose files say "not set".
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`These settings cannot be used:\n${lines.join("\n")}`);
  }
  const { KOMBIFY_HOME, DATABASE_URL, OIDC_PROVIDERS, ...rest } = parsed.data;
  const ports = pick(rest, PORT_SETTINGS);
  return {
    home: resolve(ROOT, KOMBIFY_HOME),
    ports,
    gatewayPorts: { cloud: rest.CLOUD_GATEWAY_PORT, admin: rest.ADMIN_GATEWAY_PORT },
    databaseUrl: DATABASE_URL,
    oidcProviders: OIDC_PROVIDERS,
    redisUrl: rest.REDIS_URL,
    stackEnvironment: pick(rest, STACK_SETTINGS),
    mailEnvironment: rest.SMTP_URL ? pick(rest, MAIL_SETTINGS) : { MAIL_MAILBOX: "development" },
    cloudUrl: `http://localhost:${ports.CLOUD_PORT}`,
    adminUrl: `http://localhost:${ports.ADMIN_PORT}`,
    agentApiUrl: `https://localhost:${ports.AGENT_API_PORT}`,
    stackUrl: `http://localhost:${ports.STACK_PORT}`,
    stackInternalUrl: `https://localhost:${ports.STACK_INTERNAL_PORT}`,
    idpUrl: `http://localhost:${ports.IDP_PORT}`,
  };
}

const secretsSchema = z.object({
  /** 32 bytes, base64: seals credentials at rest. Losing it loses them. */
  encryptionKey: z.string().min(1),
  /** The one before, while it is being exchanged: docs/operations.md says how. */
  previousEncryptionKey: z.string().min(1).optional(),
  /** Passwords of the two database roles that the processes log in with. */
  webPassword: z.string().min(1),
  workerPassword: z.string().min(1),
});
export type Secrets = z.infer<typeof secretsSchema>;

/** Writes a file that only its owner may read, whole or not at all. */
export async function writePrivate(file: string, content: unknown): Promise<void> {
  const draft = `${file}.${randomBytes(4).toString("hex")}`;
  await writeFile(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, file);
}

/** The text of a file, or null when there is none. */
export async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

/** The secrets of this home, generated on first use. They are never defaulted and never printed. */
export async function openSecrets(home: string): Promise<Secrets> {
  await mkdir(join(home, "logs"), { recursive: true });
  const file = join(home, "secrets.json");
  const existing = await readIfThere(file);
  if (existing !== null) {
    const parsed = secretsSchema.safeParse(JSON.parse(existing));
    if (parsed.success) return parsed.data;
    throw new Error(`${file} is not complete. Restore it; without it the stored credentials cannot be read.`);
  }
  const secrets: Secrets = {
    encryptionKey: randomBytes(32).toString("base64"),
    webPassword: randomBytes(24).toString("base64url"),
    workerPassword: randomBytes(24).toString("base64url"),
  };
  await writePrivate(file, secrets);
  return secrets;
}
