/** What plans allow, where it differs from the table in packages/api/src/billing/plans.ts. */

import { sql } from "drizzle-orm";
import { check, integer, pgTable, text, timestamp } from "drizzle-orm/pg-core";

export const planLimits = pgTable(
  "plan_limits",
  {
    plan: text().$type<"free" | "pro" | "business">().primaryKey(),
    /** Null leaves each to the table in the code. */
    requestsPerMinute: integer("requests_per_minute"),
    members: integer(),
    sims: integer(),
    nodesPerSim: integer("nodes_per_sim"),
    updatedAt: timestamp("updated_at", { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    check("plan_limits_plan", sql`${table.plan} in ('free', 'pro', 'business')`),
    check(
      "plan_limits_positive",
      sql`least(${table.requestsPerMinute}, ${table.members}, ${table.sims}, ${table.nodesPerSim}) >= 0`,
    ),
  ],
);
