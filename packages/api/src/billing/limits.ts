/**
 * What plans allow now: the table of plans.ts, with what the database says instead. Every request asks, so the answer is
 * remembered; a change is told to all processes and holds at once.
 */
import type { Plan } from "@kombify/agent-contract";
import type { Change, Database } from "@kombify/db";
import type { Logger } from "@kombify/server";
import { PLAN_LIMITS, type PlanLimits } from "./plans.ts";

/** For a change that was missed while the connection to the database was away. */
const CACHE_MS = 5_000;

type Override = { plan: Plan } & { [Name in keyof PlanLimits]: number | null };

export interface PlanLimitsReader {
  limitsOf(plan: Plan): Promise<PlanLimits>;
}

export function createPlanLimits(options: {
  db: Database;
  log: Logger;
  onChange(listener: (change: Change) => void): () => void;
}): PlanLimitsReader {
  let limits = PLAN_LIMITS;
  let goodUntil = 0;
  let reading: Promise<void> | undefined;
  let changes = 0;
  options.onChange((change) => {
    if (change.noun !== "plan-limits") return;
    changes++;
    goodUntil = 0;
  });

  async function read(): Promise<void> {
    const seen = changes;
    try {
      const rows = await options.db.as({ kind: "identity" }).read<Override>(
        (
          sql,
        ) => sql`select plan, requests_per_minute as "requestsPerMinute", members, sims, nodes_per_sim as "nodesPerSim"
          from plan_limits`,
      );
      const next = { ...PLAN_LIMITS };
      for (const { plan, ...numbers } of rows) {
        const given = Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== null));
        next[plan] = { ...PLAN_LIMITS[plan], ...given };
      }
      limits = next;
    } catch (err) {
      // What was known goes on: a limit must not be what fails a request.
      options.log.warn({ err }, "the limits of plans could not be read");
    }
    // What changed during the read may not be in it.
    goodUntil = changes === seen ? performance.now() + CACHE_MS : 0;
  }

  return {
    async limitsOf(plan) {
      if (goodUntil <= performance.now()) {
        reading ??= read().finally(() => {
          reading = undefined;
        });
        await reading;
      }
      return limits[plan];
    },
  };
}
