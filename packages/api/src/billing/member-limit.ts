import { PLANS, type Plan } from "@kombify/agent-contract";
import type { Transaction } from "@kombify/db";
import { planLimits } from "@kombify/db/schema";
import { eq } from "drizzle-orm";
import { PLAN_LIMITS } from "./plans.ts";

/** How many people a plan has room for, the database's word before the table's. */
export async function memberLimitOf(tx: Transaction, plan: Plan): Promise<number> {
  const [override] = await tx.select({ members: planLimits.members }).from(planLimits).where(eq(planLimits.plan, plan));
  return override?.members ?? PLAN_LIMITS[plan].members;
}

/** The smallest plan with more room than this one; null for the largest. */
export async function largerPlan(tx: Transaction, plan: Plan): Promise<{ plan: Plan; max: number } | null> {
  const max = await memberLimitOf(tx, plan);
  for (const larger of PLANS.slice(PLANS.indexOf(plan) + 1)) {
    const limit = await memberLimitOf(tx, larger);
    if (limit > max) return { plan: larger, max: limit };
  }
  return null;
}
