/** What each plan allows. The one table of these numbers. */
import type { Plan } from "@kombify/agent-contract";

export interface PlanLimits {
  members: number;
  sims: number;
  nodesPerSim: number;
  /** Of an organisation, through the gateway and to the services alike. */
  requestsPerMinute: number;
}

export const PLAN_LIMITS: Record<Plan, PlanLimits> = {
  free: { members: 2, sims: 1, nodesPerSim: 3, requestsPerMinute: 100 },
  pro: { members: 10, sims: 5, nodesPerSim: 10, requestsPerMinute: 600 },
  business: { members: 100, sims: 25, nodesPerSim: 20, requestsPerMinute: 3000 },
};
