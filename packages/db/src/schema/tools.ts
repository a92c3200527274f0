/** The tool catalog: what can be put on a Stack. */
import { sql } from "drizzle-orm";
import { boolean, check, index, jsonb, pgTable, text, timestamp, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { newId, type ToolId } from "./ids.ts";

const at = (name: string) => timestamp(name, { withTimezone: true });

export type ToolPort = { port: number; protocol: "tcp" | "udp" };

export const tools = pgTable(
  "tools",
  {
    id: uuid().$type<ToolId>().primaryKey().$defaultFn(newId),
    /** As other tools and StackKits refer to it: `traefik`. */
    name: text().notNull(),
    displayName: text("display_name").notNull(),
    description: text().notNull().default(""),
    version: text(),
    /** What it stands on: L1 foundation, L2 platform, L3 application. */
    layer: text().$type<"L1" | "L2" | "L3">().notNull(),
    maturity: text().$type<"alpha" | "preview" | "supported" | "deprecated">().notNull(),
    category: text(),
    /** Of a container, without the tag. */
    image: text(),
    tag: text(),
    /** Names of tools, or of what tools provide. */
    needs: jsonb().$type<string[]>().notNull().default([]),
    provides: jsonb().$type<string[]>().notNull().default([]),
    ports: jsonb().$type<ToolPort[]>().notNull().default([]),
    requiresProxy: boolean("requires_proxy").notNull().default(false),
    hasAdminUi: boolean("has_admin_ui").notNull().default(false),
    docsUrl: text("docs_url"),
    /** A name of the icon set, or an address. */
    icon: text(),
    createdAt: at("created_at").notNull().defaultNow(),
    updatedAt: at("updated_at").notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex("tools_name_key").on(table.name),
    index("tools_layer").on(table.layer, table.name),
    check("tools_layers", sql`${table.layer} in ('L1', 'L2', 'L3')`),
    check("tools_maturities", sql`${table.maturity} in ('alpha', 'preview', 'supported', 'deprecated')`),
  ],
);
