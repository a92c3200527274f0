/** Tenants, who belongs to them, and who is asked to. */
import { sql } from "drizzle-orm";
import { bigint, index, integer, pgTable, primaryKey, text, timestamp, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { users } from "./identity.ts";
import { type InstanceId, type InvitationId, newId, type TenantId, type UserId } from "./ids.ts";
import { instances } from "./instances.ts";

const at = (name: string) => timestamp(name, { withTimezone: true });

export const tenants = pgTable(
  "tenants",
  {
    id: uuid().$type<TenantId>().primaryKey().$defaultFn(newId),
    slug: text().notNull(),
    /** Organisation at the identity provider: any text, never part of a name. Our own id until a provider is linked. */
    orgId: text("org_id").notNull(),
    /** Whose organisation that is: the issuer. Null for one of our own, which no provider's claim can mean. */
    orgIssuer: text("org_issuer"),
    name: text().notNull(),
    plan: text().$type<"free" | "pro" | "business">().notNull().default("free"),
    status: text().$type<"provisioning" | "active" | "waiting_for_capacity" | "suspended" | "deleting">().notNull(),
    instanceId: uuid("instance_id")
      .$type<InstanceId>()
      .references(() => instances.id),
    /** Raised on each move, so that an old host cannot act afterwards. */
    generation: integer().notNull().default(1),
    createdBy: uuid("created_by")
      .$type<UserId>()
      .references(() => users.id, { onDelete: "set null" }),
    /** `Idempotency-Key` of the request that made the tenant, and a digest of what it asked for. */
    requestKey: text("request_key"),
    requestDigest: text("request_digest"),
    createdAt: at("created_at").notNull().defaultNow(),
    placedAt: at("placed_at"),
    /** When the agent said that it had begun, and that the namespace was complete. */
    namespaceBegunAt: at("namespace_begun_at"),
    namespaceReadyAt: at("namespace_ready_at"),
    activatedAt: at("activated_at"),
    /** The agent's own words while its part fails. */
    error: text(),
    /** Version of the namespace's collections, as the agent reports it. */
    namespaceVersion: integer("namespace_version"),
    /**
     * Since when the host keeps it closed because its collections could not be upgraded. Beside the status and not one of
     * them: the status says what is wanted, and a suspended tenant under quarantine is both.
     */
    quarantinedAt: at("quarantined_at"),
    /**
     * Raised, by a trigger, with everything that only this tenant's flags follow from: its overrides, plan, address, host.
     * Together with `flag_settings.revision` the revision of its document.
     */
    flagsRevision: bigint("flags_revision", { mode: "number" }).notNull().default(0),
    flagsChangedAt: at("flags_changed_at").notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex("tenants_slug_key").on(table.slug),
    uniqueIndex("tenants_org_id_key").on(table.orgId),
    uniqueIndex("tenants_request_key").on(table.createdBy, table.requestKey),
    index("tenants_instance").on(table.instanceId),
    index("tenants_status").on(table.status, table.createdAt),
    index("tenants_created_at").on(table.createdAt),
    index("tenants_quarantined").on(table.quarantinedAt).where(sql`${table.quarantinedAt} is not null`),
  ],
);

export const memberships = pgTable(
  "memberships",
  {
    tenantId: uuid("tenant_id")
      .$type<TenantId>()
      .notNull()
      .references(() => tenants.id, { onDelete: "cascade" }),
    userId: uuid("user_id")
      .$type<UserId>()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    role: text().$type<"owner" | "admin" | "member" | "viewer">().notNull(),
    createdAt: at("created_at").notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.userId] }), index("memberships_user").on(table.userId)],
);

/** Invitations, each for one e-mail address, good once and for some days. */
export const invitations = pgTable(
  "invitations",
  {
    id: uuid().$type<InvitationId>().primaryKey().$defaultFn(newId),
    tenantId: uuid("tenant_id")
      .$type<TenantId>()
      .notNull()
      .references(() => tenants.id, { onDelete: "cascade" }),
    /** Lower case. */
    email: text().notNull(),
    role: text().$type<"admin" | "member" | "viewer">().notNull(),
    /** sha256 of the token in the link, hex. */
    tokenHash: text("token_hash").notNull(),
    invitedBy: uuid("invited_by")
      .$type<UserId>()
      .references(() => users.id, { onDelete: "set null" }),
    createdAt: at("created_at").notNull().defaultNow(),
    expiresAt: at("expires_at").notNull(),
    acceptedAt: at("accepted_at"),
    acceptedBy: uuid("accepted_by")
      .$type<UserId>()
      .references(() => users.id, { onDelete: "set null" }),
    withdrawnAt: at("withdrawn_at"),
  },
  (table) => [
    uniqueIndex("invitations_token_key").on(table.tokenHash),
    // One open invitation per person and tenant: a second one replaces the first.
    uniqueIndex("invitations_open")
      .on(table.tenantId, table.email)
      .where(sql`${table.acceptedAt} is null and ${table.withdrawnAt} is null`),
    index("invitations_email").on(table.email),
  ],
);
