/** What each plan allows. The one table of these numbers. */
import type { Plan } from "@kombify/agent-contract";

export interface PlanLimits {
  members: number;
  sims: number;
  nodesPerSim: number;
}

export const PLAN_LIMITS: Record<Plan, PlanLimits> = {
  free: { members: 2, sims: 1, nodesPerSim: 3 },
  pro: { members: 10, sims: 5, nodesPerSim: 10 },
  business: { members: 100, sims: 25, nodesPerSim: 20 },
};
