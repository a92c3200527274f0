/**
 * Stack hosts. `instances` holds what the control plane wants and promises (places, revision), `instance_reports` what
 * the agent says: heartbeats never wait for a placement's row lock.
 */
import { sql } from "drizzle-orm";
import { bigint, check, index, integer, jsonb, pgTable, text, timestamp, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { users } from "./identity.ts";
import { type InstanceId, newId } from "./ids.ts";

/** As an agent reports it, see packages/agent-contract; times are RFC 3339 UTC. */
type Upgrade = {
  toVersion: number;
  total: number;
  done: number;
  quarantined: number;
  startedAt: string;
  finishedAt?: string | undefined;
};

const at = (name: string) => timestamp(name, { withTimezone: true });

export const instances = pgTable(
  "instances",
  {
    id: uuid().$type<InstanceId>().primaryKey().$defaultFn(newId),
    name: text().notNull(),
    region: text().notNull().default(""),
    lifecycle: text().$type<"planned" | "active" | "draining" | "decommissioned">().notNull().default("planned"),
    cordonedAt: at("cordoned_at"),
    publicUrl: text("public_url"),
    internalUrl: text("internal_url"),
    engine: text().$type<"postgres" | "pocketbase">().notNull().default("postgres"),
    /** Places: what the host says that it has room for, but not more than staff allow. 0 before it has joined. */
    capacity: integer().notNull().default(0),
    /** Places that staff allow at most; null leaves it to the host. */
    capacityLimit: integer("capacity_limit"),
    placesUsed: integer("places_used").notNull().default(0),
    desiredRevision: bigint("desired_revision", { mode: "number" }).notNull().default(0),
    /** An agent whose certificate was issued before this renews it now. */
    renewCertificatesBefore: at("renew_certificates_before"),
    createdAt: at("created_at").notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex("instances_name_key").on(table.name),
    // The second wall behind the placement statement: the database refuses a tenant too many.
    check("instances_places", sql`${table.placesUsed} between 0 and ${table.capacity}`),
  ],
);

export const instanceReports = pgTable("instance_reports", {
  instanceId: uuid("instance_id")
    .$type<InstanceId>()
    .primaryKey()
    .references(() => instances.id, { onDelete: "cascade" }),
  connection: text().$type<"pending" | "connected" | "stale" | "offline" | "revoked">().notNull().default("pending"),
  /** Consecutive good heartbeats since the instance was last stale or offline; three recover it. */
  goodBeats: integer("good_beats").notNull().default(0),
  bootEpoch: bigint("boot_epoch", { mode: "number" }).notNull().default(0),
  seq: bigint({ mode: "number" }).notNull().default(0),
  appliedRevision: bigint("applied_revision", { mode: "number" }).notNull().default(0),
  lastSeenAt: at("last_seen_at"),
  health: text().$type<"unknown" | "healthy" | "degraded" | "unhealthy">().notNull().default("unknown"),
  healthDetail: text("health_detail"),
  versions: jsonb().$type<{ agent: string; engine: string }>(),
  orphans: jsonb().$type<string[]>().notNull().default([]),
  /** Fingerprints of the CAs that its agent trusts. */
  trustedCas: jsonb("trusted_cas").$type<string[]>().notNull().default([]),
  /** Serial number (hex) of the certificate that its last report came with. */
  certificateSerial: text("certificate_serial"),
  /** The last upgrade of its namespaces since its agent started. */
  upgrade: jsonb().$type<Upgrade>(),
});

/** What happened to an instance: joined, stale, offline, recovered, health changes, cordons. */
export const healthChecks = pgTable(
  "health_checks",
  {
    id: uuid().primaryKey().$defaultFn(newId),
    instanceId: uuid("instance_id")
      .$type<InstanceId>()
      .notNull()
      .references(() => instances.id, { onDelete: "cascade" }),
    at: at("at").notNull().defaultNow(),
    kind: text().notNull(),
    detail: text().notNull().default(""),
  },
  (table) => [index("health_checks_instance").on(table.instanceId, table.at)],
);

export const joinTokens = pgTable(
  "join_tokens",
  {
    id: uuid().primaryKey().$defaultFn(newId),
    instanceId: uuid("instance_id")
      .$type<InstanceId>()
      .notNull()
      .references(() => instances.id, { onDelete: "cascade" }),
    /** sha256 of the token's secret, hex. */
    secretHash: text("secret_hash").notNull(),
    createdBy: uuid("created_by").references(() => users.id, { onDelete: "set null" }),
    createdAt: at("created_at").notNull().defaultNow(),
    expiresAt: at("expires_at").notNull(),
    usedAt: at("used_at"),
  },
  (table) => [
    uniqueIndex("join_tokens_secret_key").on(table.secretHash),
    index("join_tokens_instance").on(table.instanceId),
  ],
);
