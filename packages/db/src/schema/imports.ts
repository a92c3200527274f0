/** Where rows came from that were made elsewhere: one line for each row of another system that was taken over. */
import { index, jsonb, pgTable, primaryKey, text, timestamp, uuid } from "drizzle-orm/pg-core";

const at = (name: string) => timestamp(name, { withTimezone: true });

export const imports = pgTable(
  "imports",
  {
    /** The operator's name for the system that the row came from. */
    source: text().notNull(),
    /** What kind of row it is, in our words: `tools`, `health_checks`. */
    collection: text().notNull(),
    /** Its id there. */
    legacyId: text("legacy_id").notNull(),
    /** Its id here. No foreign key: the line outlives the row, so that what staff removed is not brought back. */
    targetId: uuid("target_id").notNull(),
    /** sha256, hex, of the row as it was taken: says whether the row has changed there, or here, since. */
    digest: text().notNull(),
    /** What the row said and no column has a place for; never credentials. */
    remainder: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    /** Of the import that wrote the row last; the audit trail names it. */
    runId: uuid("run_id").notNull(),
    importedAt: at("imported_at").notNull().defaultNow(),
    updatedAt: at("updated_at").notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.source, table.collection, table.legacyId] }),
    index("imports_target").on(table.targetId),
  ],
);
