/** How the agent is set up: options of the command line, then the environment, then what was stored when it joined. */
import { resolve } from "node:path";
import { ServiceError } from "@kombify/agent-contract";
import { z } from "zod";
import type { Settings } from "./control-plane/identity-store.ts";
import type { PocketBaseLogin } from "./engine/pocketbase/client.ts";

/** Embedded PostgreSQL takes far more; beyond this many tenants a host's disk and memory want to be looked at. */
const DEFAULT_CAPACITY = 100;

const port = z.coerce.number().int().min(1).max(65_535);
/** Only the origin counts: paths of a Stack start at its root. */
const origin = (protocol: RegExp) => z.url({ protocol }).transform((url) => new URL(url).origin);

const environmentSchema = z.object({
  KOMBIFY_AGENT_HOME: z.string().min(1).default(".kombify/stack"),
  STACK_PORT: port.optional(),
  STACK_INTERNAL_PORT: port.optional(),
  /** Address to listen on; loopback unless set. */
  STACK_HOST: z.string().min(1).default("127.0.0.1"),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  /** A PocketBase of your own, with the superuser that the agent may log in as. */
  POCKETBASE_URL: z.url({ protocol: /^https?$/ }).optional(),
  POCKETBASE_SUPERUSER_EMAIL: z.email().optional(),
  POCKETBASE_SUPERUSER_PASSWORD: z.string().min(1).optional(),
  /** Where old clients find the API of the PocketBase that they knew; without it nobody serves them. */
  KOMBIFY_ALIAS_PORT: port.optional(),
  PUBLIC_URL: origin(/^https?$/).optional(),
  INTERNAL_URL: origin(/^https$/).optional(),
  CONTROL_PLANE_URL: origin(/^https$/).optional(),
  STACK_CAPACITY: z.coerce.number().int().min(1).max(10_000).optional(),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "silent"]).default("info"),
  NODE_ENV: z.string().default("development"),
});

/** Options of the command line by the names of the variables that they stand in for. */
export type Overrides = Partial<Record<keyof z.input<typeof environmentSchema>, string | undefined>>;

export type AgentConfig = {
  home: string;
  host: string;
  databaseUrl: string | undefined;
  pocketbase: PocketBaseLogin | undefined;
  aliasPort: number | undefined;
  controlPlaneUrl: string | undefined;
  logLevel: string;
  isProduction: boolean;
  /** What the operator said, completed from what was stored and from defaults. */
  settings(stored: Settings | null): Settings;
};

/** @throws ServiceError INVALID when there is an address and nobody to log in as. */
function pocketbaseOf(env: z.output<typeof environmentSchema>): PocketBaseLogin | undefined {
  const { POCKETBASE_URL: url, POCKETBASE_SUPERUSER_EMAIL: email, POCKETBASE_SUPERUSER_PASSWORD: password } = env;
  if (url === undefined) return undefined;
  if (email !== undefined && password !== undefined) return { url, email, password };
  throw new ServiceError(
    "INVALID",
    "POCKETBASE_URL needs POCKETBASE_SUPERUSER_EMAIL and POCKETBASE_SUPERUSER_PASSWORD beside it.",
  );
}

/** @throws ServiceError INVALID naming every variable that is wrong. */
export function readConfig(environment: NodeJS.ProcessEnv, overrides: Overrides = {}): AgentConfig {
  const given = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
  // An empty variable is one that was not set: compose files and unit files write them so.
  const set = Object.fromEntries(Object.entries({ ...environment, ...given }).filter(([, value]) => value !== ""));
  const result = environmentSchema.safeParse(set);
  if (!result.success) {
    const fields = result.error.issues.map(({ path, message }) => ({ path: path.join("."), message }));
    const list = fields.map(({ path, message }) => `${path}: ${message}`).join("\n  ");
    throw new ServiceError("INVALID", `The agent cannot start with these settings:\n  ${list}`, { fields });
  }
  const env = result.data;
  return {
    home: resolve(env.KOMBIFY_AGENT_HOME),
    host: env.STACK_HOST,
    databaseUrl: env.DATABASE_URL,
    pocketbase: pocketbaseOf(env),
    aliasPort: env.KOMBIFY_ALIAS_PORT,
    controlPlaneUrl: env.CONTROL_PLANE_URL,
    logLevel: env.LOG_LEVEL,
    isProduction: env.NODE_ENV === "production",
    settings: (stored) => {
      const publicPort = env.STACK_PORT ?? stored?.port ?? 3100;
      const internalPort = env.STACK_INTERNAL_PORT ?? stored?.internalPort ?? 3101;
      return {
        port: publicPort,
        internalPort,
        publicUrl: env.PUBLIC_URL ?? stored?.publicUrl ?? `http://localhost:${publicPort}`,
        internalUrl: env.INTERNAL_URL ?? stored?.internalUrl ?? `https://localhost:${internalPort}`,
        capacity: env.STACK_CAPACITY ?? stored?.capacity ?? DEFAULT_CAPACITY,
      };
    },
  };
}
