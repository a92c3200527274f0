/**
 * Feature flags. A row of `flags` is one entry of flagd's flag-definition file (flagd.dev/reference/flag-definitions) under
 * its key, with who answers for it beside; a segment is one of its `$evaluators`. A file is imported and exported without
 * loss. What a host gets is compiled from all of this, per tenant, into `flag_documents`.
 */
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { users } from "./identity.ts";
import { type FlagChangeId, type FlagId, type InstanceId, newId, type TenantId, type UserId } from "./ids.ts";
import { instances } from "./instances.ts";
import { tenants } from "./tenants.ts";

const at = (name: string) => timestamp(name, { withTimezone: true });
const ofTenant = () =>
  uuid("tenant_id")
    .$type<TenantId>()
    .notNull()
    .references(() => tenants.id, { onDelete: "cascade" });

export const flags = pgTable(
  "flags",
  {
    id: uuid().$type<FlagId>().primaryKey().$defaultFn(newId),
    key: text().notNull(),
    state: text().$type<"ENABLED" | "DISABLED">().notNull(),
    /** Values by name of the variant. */
    variants: jsonb().$type<Record<string, unknown>>().notNull(),
    /** Null: whoever asks uses the default of their own code. */
    defaultVariant: text("default_variant"),
    /** JSONLogic with flagd's own operations; an empty object decides nothing and gives the default. */
    targeting: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    /** flagd's `metadata`. */
    metadata: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    /** What a file's entry had besides and what means nothing here, such as an empty `targeting`: an export has it again. */
    fileExtras: jsonb("file_extras").$type<Record<string, unknown>>().notNull().default({}),
    /** What is given while it is killed or a prerequisite is missing. */
    offVariant: text("off_variant"),
    /** `{flag, variants}`: see prerequisiteSchema of packages/agent-contract. */
    prerequisites: jsonb().$type<{ flag: string; variants: string[] }[]>().notNull().default([]),
    /** Since when everybody gets the off-variant, whatever the rules say. */
    killedAt: at("killed_at"),
    killedReason: text("killed_reason").notNull().default(""),
    /** A change needs a second person. */
    isSensitive: boolean("is_sensitive").notNull().default(false),
    /** What it is for: `release`, `operations`, `experiment`, `permission`. */
    kind: text().notNull().default("release"),
    lifetime: text().$type<"temporary" | "permanent">().notNull().default("temporary"),
    description: text().notNull().default(""),
    owner: text().notNull().default(""),
    /** After this it should be gone from the code. */
    expiresAt: at("expires_at"),
    /** Counts its changes; a writer says which one it saw. */
    version: integer().notNull().default(1),
    /** `flag_settings.revision` since which documents have it as it is. */
    revision: bigint({ mode: "number" }).notNull().default(0),
    createdAt: at("created_at").notNull().defaultNow(),
    updatedAt: at("updated_at").notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex("flags_key_key").on(table.key),
    check("flags_states", sql`${table.state} in ('ENABLED', 'DISABLED')`),
    check("flags_lifetimes", sql`${table.lifetime} in ('temporary', 'permanent')`),
    // Whoever writes: a variant that is not there would leave every caller without a value.
    check("flags_default_variant", sql`jsonb_exists(${table.variants}, ${table.defaultVariant})`),
    check("flags_off_variant", sql`jsonb_exists(${table.variants}, ${table.offVariant})`),
  ],
);

/** Conditions that several flags share by name: flagd's `$evaluators`. */
export const flagSegments = pgTable(
  "flag_segments",
  {
    id: uuid().primaryKey().$defaultFn(newId),
    key: text().notNull(),
    description: text().notNull().default(""),
    logic: jsonb().$type<Record<string, unknown>>().notNull(),
    version: integer().notNull().default(1),
    revision: bigint({ mode: "number" }).notNull().default(0),
    createdAt: at("created_at").notNull().defaultNow(),
    updatedAt: at("updated_at").notNull().defaultNow(),
  },
  (table) => [uniqueIndex("flag_segments_key_key").on(table.key)],
);

/** What one tenant gets, whatever the rules say. */
export const flagOverrides = pgTable(
  "flag_overrides",
  {
    flagId: uuid("flag_id")
      .$type<FlagId>()
      .notNull()
      .references(() => flags.id, { onDelete: "cascade" }),
    tenantId: ofTenant(),
    variant: text().notNull(),
    reason: text().notNull().default(""),
    createdBy: uuid("created_by")
      .$type<UserId>()
      .references(() => users.id, { onDelete: "set null" }),
    createdAt: at("created_at").notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.flagId, table.tenantId] }),
    index("flag_overrides_tenant").on(table.tenantId),
  ],
);

/** Every state that a flag or a segment ever had, for the history and for going back. */
export const flagVersions = pgTable(
  "flag_versions",
  {
    id: uuid().primaryKey().$defaultFn(newId),
    noun: text().$type<"flag" | "segment">().notNull(),
    key: text().notNull(),
    version: integer().notNull(),
    /** `create`, `update`, `kill`, `restore`, `revert`, `import`, `remove`, `override`. */
    action: text().notNull(),
    /** Null: it was removed. */
    snapshot: jsonb().$type<Record<string, unknown>>(),
    /** What was said about it. */
    note: text().notNull().default(""),
    actorId: uuid("actor_id")
      .$type<UserId>()
      .references(() => users.id, { onDelete: "set null" }),
    actorName: text("actor_name").notNull(),
    /** Second person, where one was needed. */
    approvedByName: text("approved_by_name"),
    at: at("at").notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex("flag_versions_key").on(table.noun, table.key, table.version),
    index("flag_versions_at").on(table.at),
  ],
);

/** Changes of flags that wait: for a second person, for their time, or for both. */
export const flagChanges = pgTable(
  "flag_changes",
  {
    id: uuid().$type<FlagChangeId>().primaryKey().$defaultFn(newId),
    flagKey: text("flag_key").notNull(),
    /** Version of the flag that the change was made from; it is refused when there is another one by then. */
    baseVersion: integer("base_version").notNull(),
    /** `update` (proposal: the whole flag), `restore`, `remove`, `override` (proposal: tenant and variant or null). */
    kind: text().$type<"update" | "kill" | "restore" | "remove" | "override">().notNull(),
    proposal: jsonb().$type<Record<string, unknown>>().notNull(),
    note: text().notNull().default(""),
    needsApproval: boolean("needs_approval").notNull(),
    /** Null: as soon as it may. */
    scheduledAt: at("scheduled_at"),
    state: text()
      .$type<"waiting_for_approval" | "scheduled" | "applied" | "rejected" | "cancelled" | "failed">()
      .notNull(),
    /** Why it failed or was rejected. */
    reason: text().notNull().default(""),
    requestedBy: uuid("requested_by")
      .$type<UserId>()
      .references(() => users.id, { onDelete: "set null" }),
    requestedByName: text("requested_by_name").notNull(),
    requestedAt: at("requested_at").notNull().defaultNow(),
    decidedBy: uuid("decided_by")
      .$type<UserId>()
      .references(() => users.id, { onDelete: "set null" }),
    decidedByName: text("decided_by_name"),
    decidedAt: at("decided_at"),
    finishedAt: at("finished_at"),
  },
  (table) => [
    index("flag_changes_flag").on(table.flagKey, table.requestedAt),
    index("flag_changes_state").on(table.state, table.scheduledAt),
    // The second person is another one, whoever writes.
    check(
      "flag_changes_second_person",
      sql`not ${table.needsApproval} or ${table.state} <> 'applied' or (${table.decidedByName} is not null and ${table.decidedBy} is distinct from ${table.requestedBy})`,
    ),
  ],
);

/** One row: what all tenants' flags have in common. Writers of flags take its lock, and so come one after the other. */
export const flagSettings = pgTable(
  "flag_settings",
  {
    id: integer().primaryKey().default(1),
    revision: bigint({ mode: "number" }).notNull().default(1),
    changedAt: at("changed_at").notNull().defaultNow(),
    /** flagd's `metadata` of the whole file. */
    metadata: jsonb().$type<Record<string, unknown>>().notNull().default({}),
    /** What the last imported file had besides, such as `$schema`: an export has it again. */
    fileExtras: jsonb("file_extras").$type<Record<string, unknown>>().notNull().default({}),
    /** Of what compiles documents: raised on start by a newer one, whose documents may differ. */
    compilerVersion: integer("compiler_version").notNull().default(0),
  },
  (table) => [check("flag_settings_one", sql`${table.id} = 1`)],
);

/** Flags as many tenants have them: never changed, shared by documents. */
export const flagContents = pgTable("flag_contents", {
  digest: text().primaryKey(),
  flags: jsonb().$type<Record<string, unknown>>().notNull(),
  createdAt: at("created_at").notNull().defaultNow(),
});

/** What a tenant's flags are at a revision: written once, by whoever needs it first, and the same for everybody since. */
export const flagDocuments = pgTable(
  "flag_documents",
  {
    tenantId: ofTenant(),
    /** `flag_settings.revision` + `tenants.flags_revision`. */
    revision: bigint({ mode: "number" }).notNull(),
    fleetRevision: bigint("fleet_revision", { mode: "number" }).notNull(),
    digest: text().notNull(),
    flagsDigest: text("flags_digest")
      .notNull()
      .references(() => flagContents.digest),
    engineVersion: text("engine_version").notNull(),
    context: jsonb().$type<Record<string, string | number | boolean>>().notNull(),
    generatedAt: at("generated_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.revision] }),
    index("flag_documents_contents").on(table.flagsDigest),
  ],
);

/** What a tenant's host says that it has stored. */
export const flagDeliveries = pgTable(
  "flag_deliveries",
  {
    tenantId: ofTenant().primaryKey(),
    instanceId: uuid("instance_id")
      .$type<InstanceId>()
      .notNull()
      .references(() => instances.id, { onDelete: "cascade" }),
    revision: bigint({ mode: "number" }).notNull(),
    digest: text().notNull(),
    /** Why a newer document was not taken. */
    error: text(),
    /** When it said so first. */
    acknowledgedAt: at("acknowledged_at").notNull(),
  },
  (table) => [index("flag_deliveries_instance").on(table.instanceId)],
);

/** How often each variant was given, by the hour. */
export const flagUsage = pgTable(
  "flag_usage",
  {
    key: text().notNull(),
    /** Empty where there was no value. */
    variant: text().notNull(),
    source: text().$type<"cloud" | "stack">().notNull(),
    hour: at("hour").notNull(),
    count: bigint({ mode: "number" }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.key, table.variant, table.source, table.hour] }),
    index("flag_usage_hour").on(table.hour),
  ],
);

/** What a host had counted when it last reported: the difference is what is new, however often a report arrives. */
export const flagUsageSeen = pgTable(
  "flag_usage_seen",
  {
    instanceId: uuid("instance_id")
      .$type<InstanceId>()
      .notNull()
      .references(() => instances.id, { onDelete: "cascade" }),
    key: text().notNull(),
    variant: text().notNull(),
    bootEpoch: bigint("boot_epoch", { mode: "number" }).notNull(),
    count: bigint({ mode: "number" }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.instanceId, table.key, table.variant] })],
);
