/** The collection engines: their names, how many tenants a host of each takes, and the variables that set one up. */
import { z } from "zod";

export const ENGINES = ["postgres", "pocketbase"] as const;
export const engineSchema = z.enum(ENGINES);
export type EngineKind = z.infer<typeof engineSchema>;

/** What people call them. */
export const ENGINE_NAMES: Record<EngineKind, string> = { postgres: "PostgreSQL", pocketbase: "PocketBase" };

/**
 * Tenants of one host: what it gets unless somebody says otherwise, and what it is refused beyond. PocketBase reads every
 * collection anew at each change of one, so that each further tenant makes the next one slower.
 */
export const ENGINE_CAPACITY: Record<EngineKind, { recommended: number; max: number }> = {
  postgres: { recommended: 1000, max: 5000 },
  pocketbase: { recommended: 100, max: 250 },
};

/** More than any host takes. */
export const MAX_CAPACITY = Math.max(...ENGINES.map((engine) => ENGINE_CAPACITY[engine].max));

/** Why a host of this engine cannot have so many places, and what would be right; null when it can. */
export function capacityRefusal(engine: EngineKind, capacity: number): string | null {
  const { max } = ENGINE_CAPACITY[engine];
  if (capacity <= max) return null;
  return `${ENGINE_NAMES[engine]} takes at most ${max} tenants a host. Give it ${max} places or fewer and the others another host.`;
}

/** Environment of a host whose engine is PocketBase. */
export const pocketbaseVariables = {
  /** A PocketBase that runs already; without it the agent runs one of its own. */
  POCKETBASE_URL: z.url({ protocol: /^https?$/, error: "must be an http:// or https:// address" }).optional(),
  /** The program, when the agent runs it. */
  POCKETBASE_BIN: z.string().min(1).optional(),
  POCKETBASE_SUPERUSER_EMAIL: z.email({ error: "must be the e-mail address of a superuser" }).optional(),
  POCKETBASE_SUPERUSER_PASSWORD: z.string().min(1).optional(),
};
const pocketbaseSchema = z.object(pocketbaseVariables);
export type PocketBaseVariables = z.infer<typeof pocketbaseSchema>;

/** What does not go together in these variables, at each of them what would be right. */
export function pocketbaseConflicts(given: PocketBaseVariables): { path: string; message: string }[] {
  const conflicts: { path: string; message: string }[] = [];
  const refuse = (path: keyof PocketBaseVariables, message: string) => void conflicts.push({ path, message });
  for (const name of ["POCKETBASE_SUPERUSER_EMAIL", "POCKETBASE_SUPERUSER_PASSWORD"] as const) {
    if (given.POCKETBASE_URL && !given[name])
      refuse(name, "set it: a PocketBase that runs already is changed as one of its superusers");
    if (!given.POCKETBASE_URL && given[name])
      refuse(
        name,
        "set POCKETBASE_URL too, or leave it out: a PocketBase of the agent's own has a superuser of its own",
      );
  }
  if (given.POCKETBASE_URL && given.POCKETBASE_BIN)
    refuse("POCKETBASE_BIN", "leave it out: the PocketBase at POCKETBASE_URL runs already");
  return conflicts;
}
