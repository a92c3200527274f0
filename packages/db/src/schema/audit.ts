/** Who did what: written in the transaction of the deed, never changed, never deleted by the application. */
import { index, pgTable, text, timestamp, uuid } from "drizzle-orm/pg-core";
import { newId, type TenantId } from "./ids.ts";

export const auditEvents = pgTable(
  "audit_events",
  {
    id: uuid().primaryKey().$defaultFn(newId),
    at: timestamp("at", { withTimezone: true }).notNull().defaultNow(),
    actorKind: text("actor_kind").$type<"user" | "staff" | "agent" | "system">().notNull(),
    actorId: text("actor_id"),
    actorName: text("actor_name").notNull(),
    /** `noun.verb`, as the procedure is called. */
    action: text().notNull(),
    targetKind: text("target_kind").notNull(),
    targetId: text("target_id").notNull(),
    /** No foreign key: the trail outlives the tenant. */
    tenantId: uuid("tenant_id").$type<TenantId>(),
    summary: text().notNull(),
    requestId: text("request_id"),
  },
  (table) => [
    index("audit_events_tenant").on(table.tenantId, table.id),
    index("audit_events_action").on(table.action, table.id),
  ],
);
