/** How the agent is set up: options of the command line, then the environment, then what was stored when it joined. */
import { resolve } from "node:path";
import {
  capacityRefusal,
  ENGINE_CAPACITY,
  type EngineKind,
  engineSchema,
  MAX_CAPACITY,
  type PocketBaseVariables,
  pocketbaseConflicts,
  pocketbaseVariables,
  ServiceError,
} from "@kombify/agent-contract";
import { z } from "zod";
import type { Settings } from "./control-plane/identity-store.ts";

const port = z.coerce.number().int().min(1).max(65_535);
/** Only the origin counts: paths of a Stack start at its root. */
const origin = (protocol: RegExp) => z.url({ protocol }).transform((url) => new URL(url).origin);

const variablesSchema = z.object({
  KOMBIFY_AGENT_HOME: z.string().min(1).default(".kombify/stack"),
  STACK_PORT: port.optional(),
  STACK_INTERNAL_PORT: port.optional(),
  /** Address to listen on; loopback unless set. */
  STACK_HOST: z.string().min(1).default("127.0.0.1"),
  /** What a host that joins shall have, PostgreSQL unless set. */
  KOMBIFY_ENGINE: engineSchema.optional(),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  ...pocketbaseVariables,
  /** Where old clients find the API of the PocketBase that they knew; without it nobody serves them. */
  KOMBIFY_ALIAS_PORT: port.optional(),
  PUBLIC_URL: origin(/^https?$/).optional(),
  INTERNAL_URL: origin(/^https$/).optional(),
  CONTROL_PLANE_URL: origin(/^https$/).optional(),
  STACK_CAPACITY: z.coerce.number().int().min(1).max(MAX_CAPACITY).optional(),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "silent"]).default("info"),
  NODE_ENV: z.string().default("development"),
});
const environmentSchema = variablesSchema.superRefine((given, { addIssue }) => {
  for (const { path, message } of pocketbaseConflicts(given)) addIssue({ code: "custom", path: [path], message });
});

/** Options of the command line by the names of the variables that they stand in for. */
export type Overrides = Partial<Record<keyof z.input<typeof variablesSchema>, string | undefined>>;

/** How the agent comes to a PocketBase. */
export type PocketBaseAccess = {
  /** One that runs already, with the superuser as whom it is changed; null to run one of the agent's own. */
  remote: { url: string; email: string; password: string } | null;
  /** The program to run; null for the one that is found. */
  bin: string | null;
};

export type AgentConfig = {
  home: string;
  host: string;
  /** What was asked for; a home that has joined stays on its engine until it is moved. */
  askedEngine: EngineKind | undefined;
  databaseUrl: string | undefined;
  pocketbase: PocketBaseAccess;
  aliasPort: number | undefined;
  controlPlaneUrl: string | undefined;
  logLevel: string;
  isProduction: boolean;
  /**
   * What the operator said, completed from what was stored and from defaults.
   * @throws ServiceError INVALID for variables of an engine that a host that joins does not get, and for more places than its
   * engine takes.
   */
  settings(stored: Settings | null): Settings;
};

const refused = (path: string, message: string): ServiceError =>
  new ServiceError("INVALID", `The agent cannot start with these settings:\n  ${path}: ${message}`, {
    fields: [{ path, message }],
  });

/** What a home has its data on is changed by moving it: variables speak of a home that joins. */
function engineOf(env: z.output<typeof environmentSchema>, stored: Settings | null): EngineKind {
  if (stored) return stored.engine;
  const engine = env.KOMBIFY_ENGINE ?? "postgres";
  const [foreign] = Object.keys(pocketbaseVariables).filter((name) => env[name as keyof PocketBaseVariables]);
  if (foreign && engine !== "pocketbase")
    throw refused(foreign, "set KOMBIFY_ENGINE=pocketbase too, or leave it out: the engine is PostgreSQL");
  return engine;
}

function pocketbaseAccess(env: z.output<typeof environmentSchema>): PocketBaseAccess {
  const { POCKETBASE_URL: url, POCKETBASE_SUPERUSER_EMAIL: email, POCKETBASE_SUPERUSER_PASSWORD: password } = env;
  return { remote: url && email && password ? { url, email, password } : null, bin: env.POCKETBASE_BIN ?? null };
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
    askedEngine: env.KOMBIFY_ENGINE,
    databaseUrl: env.DATABASE_URL,
    pocketbase: pocketbaseAccess(env),
    aliasPort: env.KOMBIFY_ALIAS_PORT,
    controlPlaneUrl: env.CONTROL_PLANE_URL,
    logLevel: env.LOG_LEVEL,
    isProduction: env.NODE_ENV === "production",
    settings: (stored) => {
      const publicPort = env.STACK_PORT ?? stored?.port ?? 3100;
      const internalPort = env.STACK_INTERNAL_PORT ?? stored?.internalPort ?? 3101;
      const engine = engineOf(env, stored);
      const capacity = env.STACK_CAPACITY ?? stored?.capacity ?? ENGINE_CAPACITY[engine].recommended;
      const excess = env.STACK_CAPACITY === undefined ? null : capacityRefusal(engine, capacity);
      if (excess) throw refused("STACK_CAPACITY", excess);
      return {
        engine,
        port: publicPort,
        internalPort,
        publicUrl: env.PUBLIC_URL ?? stored?.publicUrl ?? `http://localhost:${publicPort}`,
        internalUrl: env.INTERNAL_URL ?? stored?.internalUrl ?? `https://localhost:${internalPort}`,
        capacity,
      };
    },
  };
}
