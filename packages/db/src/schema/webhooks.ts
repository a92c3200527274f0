/** Events from other systems, and the secrets that prove where they come from. */
import { index, integer, jsonb, pgTable, text, timestamp, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { newId } from "./ids.ts";

const at = (name: string) => timestamp(name, { withTimezone: true });

/** One provider has two secrets while it is being exchanged: an event signed with either is taken. */
export const webhookSecrets = pgTable(
  "webhook_secrets",
  {
    id: uuid().primaryKey().$defaultFn(newId),
    provider: text().$type<"zitadel" | "stripe">().notNull(),
    sealedSecret: text("sealed_secret").notNull(),
    createdAt: at("created_at").notNull().defaultNow(),
    /** Since when events come signed with it; null until the first. */
    seenAt: at("seen_at"),
    retiredAt: at("retired_at"),
  },
  (table) => [index("webhook_secrets_provider").on(table.provider)],
);

export const webhookEvents = pgTable(
  "webhook_events",
  {
    id: uuid().primaryKey().$defaultFn(newId),
    provider: text().$type<"zitadel" | "stripe">().notNull(),
    /** What makes a second delivery of the same event the same. */
    dedupeKey: text("dedupe_key").notNull(),
    type: text().notNull(),
    payload: jsonb().notNull(),
    receivedAt: at("received_at").notNull().defaultNow(),
    processedAt: at("processed_at"),
    attempts: integer().notNull().default(0),
    error: text(),
  },
  (table) => [
    uniqueIndex("webhook_events_dedupe").on(table.provider, table.dedupeKey),
    index("webhook_events_received").on(table.receivedAt),
  ],
);
