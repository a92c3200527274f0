/**
 * Feature flags. A row is one entry of flagd's flag-definition file (flagd.dev/reference/flag-definitions) under its key,
 * with who answers for it beside: a file is exported and imported without loss.
 */
import { sql } from "drizzle-orm";
import { check, jsonb, pgTable, text, timestamp, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { type FlagId, newId } from "./ids.ts";

const at = (name: string) => timestamp(name, { withTimezone: true });

export const flags = pgTable(
  "flags",
  {
    id: uuid().$type<FlagId>().primaryKey().$defaultFn(newId),
    key: text().notNull(),
    state: text().$type<"ENABLED" | "DISABLED">().notNull(),
    /** Values by name of the variant. */
    variants: jsonb().$type<Record<string, unknown>>().notNull(),
    defaultVariant: text("default_variant").notNull(),
    /** JSONLogic with flagd's own operations; an empty object decides nothing and gives the default. */
    targeting: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    /** flagd's `metadata`. */
    metadata: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    /** What it is for, which says how long it should live: `release`, `operations`, `experiment`, `permission`. */
    kind: text().notNull().default("release"),
    description: text().notNull().default(""),
    owner: text().notNull().default(""),
    /** After this it should be gone from the code. */
    expiresAt: at("expires_at"),
    createdAt: at("created_at").notNull().defaultNow(),
    updatedAt: at("updated_at").notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex("flags_key_key").on(table.key),
    check("flags_states", sql`${table.state} in ('ENABLED', 'DISABLED')`),
    // Whoever writes: a default that is no variant would leave every caller without a value.
    check("flags_default_variant", sql`jsonb_exists(${table.variants}, ${table.defaultVariant})`),
  ],
);
