/** Mail that waits to be sent, and that was sent: written in the transaction of the deed, delivered by the worker. */
import { index, integer, pgTable, text, timestamp, uuid } from "drizzle-orm/pg-core";
import { newId } from "./ids.ts";

const at = (name: string) => timestamp(name, { withTimezone: true });

export const mails = pgTable(
  "mails",
  {
    id: uuid().primaryKey().$defaultFn(newId),
    recipient: text().notNull(),
    subject: text().notNull(),
    /** Plain text, sealed: it may hold a link that signs somebody in. Emptied once delivered, where a server delivers. */
    sealedBody: text("sealed_body").notNull(),
    createdAt: at("created_at").notNull().defaultNow(),
    sentAt: at("sent_at"),
    attempts: integer().notNull().default(0),
    error: text(),
  },
  (table) => [index("mails_created_at").on(table.createdAt)],
);
