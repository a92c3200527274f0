/** What each plan allows. The one table of these numbers; the database may override any of them (limits.ts). */
import type { Plan } from "@kombify/agent-contract";

export interface PlanLimits {
  /** Of the whole organisation, over the API. */
  requestsPerMinute: number;
  members: number;
  sims: number;
  nodesPerSim: number;
}

export const PLAN_LIMITS: Record<Plan, PlanLimits> = {
  free: { requestsPerMinute: 100, members: 2, sims: 1, nodesPerSim: 3 },
  pro: { requestsPerMinute: 600, members: 10, sims: 5, nodesPerSim: 10 },
  business: { requestsPerMinute: 3000, members: 100, sims: 25, nodesPerSim: 20 },
};
