/** What is exchanged from time to time, how often, and how each exchange went; and the keys that seal secrets at rest. */
import { integer, jsonb, pgTable, text, timestamp, uuid } from "drizzle-orm/pg-core";
import { newId } from "./ids.ts";

const at = (name: string) => timestamp(name, { withTimezone: true });

/** Data encryption keys. Each is sealed with the key from the environment, so exchanging that one touches only this table. */
export const encryptionKeys = pgTable("encryption_keys", {
  /** Part of every text that it sealed. */
  id: text().primaryKey(),
  /** 32 bytes, sealed with the key from the environment. */
  sealedKey: text("sealed_key").notNull(),
  createdAt: at("created_at").notNull().defaultNow(),
  /** Since when nothing is sealed with it any more. */
  retiredAt: at("retired_at"),
});

/** Times are RFC 3339 UTC. */
export interface RotationStepRecord {
  name: string;
  startedAt: string;
  finishedAt?: string;
  detail?: string;
  /** How often it has failed since it last went well. */
  failures?: number;
  /** When it is run again, while it waits. */
  retryAt?: string;
  /** What later steps have to know. Never a secret. */
  notes?: Record<string, unknown>;
}

/** One exchange of one kind of key: a long job whose steps are kept, so that it goes on after a restart. */
export const rotations = pgTable("rotations", {
  id: uuid().primaryKey().$defaultFn(newId),
  kind: text().notNull(),
  /** Null for the schedule. */
  requestedBy: uuid("requested_by"),
  startedAt: at("started_at").notNull().defaultNow(),
  finishedAt: at("finished_at"),
  cancelledAt: at("cancelled_at"),
  /** What was done and what it waits for, in order; a step that has not begun is not there yet. */
  steps: jsonb().$type<RotationStepRecord[]>().notNull(),
  /** Why the step that is under way failed the last time; null when it went well since. */
  error: text(),
});

/** How often each kind is exchanged. */
export const rotationPolicies = pgTable("rotation_policies", {
  kind: text().primaryKey(),
  /** Null: by command only. */
  everyDays: integer("every_days"),
  updatedAt: at("updated_at").notNull().defaultNow(),
});
