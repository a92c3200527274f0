import type { Plan } from "@kombify/agent-contract";
import type { Transaction } from "@kombify/db";
import { planLimits } from "@kombify/db/schema";
import { eq } from "drizzle-orm";
import { PLAN_LIMITS } from "./plans.ts";

/** How many people a plan has room for, the database's word before the table's. */
export async function memberLimitOf(tx: Transaction, plan: Plan): Promise<number> {
  const [override] = await tx.select({ members: planLimits.members }).from(planLimits).where(eq(planLimits.plan, plan));
  return override?.members ?? PLAN_LIMITS[plan].members;
}
