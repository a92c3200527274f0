/** People, how they prove who they are, what they are signed in with, and the keys that sign launch assertions. */
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
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
import { type ApiTokenId, newId, type TenantId, type UserId } from "./ids.ts";

const at = (name: string) => timestamp(name, { withTimezone: true });

export const users = pgTable(
  "users",
  {
    id: uuid().$type<UserId>().primaryKey().$defaultFn(newId),
    /** Lower case. */
    email: text().notNull(),
    name: text().notNull(),
    /** argon2id in PHC string format; null for people who only come through an identity provider. */
    passwordHash: text("password_hash"),
    /** Set for people who work in the Admin center. */
    staffRole: text("staff_role").$type<"viewer" | "operator" | "owner">(),
    createdAt: at("created_at").notNull().defaultNow(),
  },
  (table) => [uniqueIndex("users_email_key").on(table.email), index("users_created_at").on(table.createdAt)],
);

export const sessions = pgTable(
  "sessions",
  {
    /** sha256 of the token in the cookie, hex: a leaked table opens no session. */
    id: text().primaryKey(),
    userId: uuid("user_id")
      .$type<UserId>()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** A session of one portal is nothing in the other. */
    audience: text().$type<"cloud" | "admin">().notNull(),
    expiresAt: at("expires_at").notNull(),
    createdAt: at("created_at").notNull().defaultNow(),
    /** What a person and a Stack know this session by: it opens nothing. */
    publicId: uuid("public_id").notNull().default(sql`gen_random_uuid()`),
    /** Where it was begun: for the person to recognise it. */
    userAgent: text("user_agent").notNull().default(""),
    clientAddress: text("client_address").notNull().default(""),
    /** The provider's own session (`iss`, `sid`), for people who came from one; its log-out ends this session. */
    idpIssuer: text("idp_issuer"),
    idpSid: text("idp_sid"),
    /** The ID token, sealed: what RP-initiated log-out shows to the provider. */
    sealedIdToken: text("sealed_id_token"),
  },
  (table) => [
    index("sessions_user_id").on(table.userId),
    index("sessions_expires_at").on(table.expiresAt),
    uniqueIndex("sessions_public_id_key").on(table.publicId),
    index("sessions_idp").on(table.idpIssuer, table.idpSid),
  ],
);

/** Accounts at identity providers. People are linked by (issuer, subject) and by nothing else. */
export const oidcIdentities = pgTable(
  "oidc_identities",
  {
    issuer: text().notNull(),
    subject: text().notNull(),
    userId: uuid("user_id")
      .$type<UserId>()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** Organisation that the account belongs to there: `urn:zitadel:iam:user:resourceowner:id`. */
    orgId: text("org_id"),
    createdAt: at("created_at").notNull().defaultNow(),
    lastSeenAt: at("last_seen_at").notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.issuer, table.subject] }), index("oidc_identities_user").on(table.userId)],
);

/** Personal access tokens. */
export const apiTokens = pgTable(
  "api_tokens",
  {
    id: uuid().$type<ApiTokenId>().primaryKey().$defaultFn(newId),
    userId: uuid("user_id")
      .$type<UserId>()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    name: text().notNull(),
    /** sha256 of the secret, hex. */
    secretHash: text("secret_hash").notNull(),
    /** The first characters of the secret, to recognise it by. */
    prefix: text().notNull(),
    scopes: text().array().notNull(),
    createdAt: at("created_at").notNull().defaultNow(),
    expiresAt: at("expires_at").notNull(),
    /** To the minute. */
    lastUsedAt: at("last_used_at"),
    revokedAt: at("revoked_at"),
  },
  (table) => [uniqueIndex("api_tokens_secret_key").on(table.secretHash), index("api_tokens_user").on(table.userId)],
);

/** Access tokens of providers that are refused although they are good: by `jti`, by `sid`, or all of a subject's. */
export const tokenDenials = pgTable(
  "token_denials",
  {
    issuer: text().notNull(),
    kind: text().$type<"jti" | "sid" | "sub">().notNull(),
    value: text().notNull(),
    /** Tokens issued up to this moment are meant. */
    before: at("before").notNull(),
    /** When the last token that is meant has ended by itself. */
    expiresAt: at("expires_at").notNull(),
    createdAt: at("created_at").notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.issuer, table.kind, table.value] }),
    index("token_denials_expires_at").on(table.expiresAt),
  ],
);

/** What Stacks have to be told of people who are no longer signed in or no longer members. Kept for a Stack session's life. */
export const sessionEndings = pgTable(
  "session_endings",
  {
    id: uuid().primaryKey().$defaultFn(newId),
    userId: uuid("user_id")
      .$type<UserId>()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** On this tenant's Stack. No foreign key: tenants stand above people. */
    tenantId: uuid("tenant_id").$type<TenantId>().notNull(),
    /** Public id of the portal session that they were launched from; null for all of the person's. */
    sessionId: uuid("session_id"),
    /** Sessions that were launched up to this moment are meant. */
    endedAt: at("ended_at").notNull().defaultNow(),
  },
  (table) => [
    index("session_endings_tenant").on(table.tenantId, table.endedAt),
    index("session_endings_user").on(table.userId),
  ],
);

/** Links that were mailed to people who forgot their password. */
export const passwordResets = pgTable(
  "password_resets",
  {
    /** sha256 of the token in the link, hex. */
    tokenHash: text("token_hash").primaryKey(),
    userId: uuid("user_id")
      .$type<UserId>()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    createdAt: at("created_at").notNull().defaultNow(),
    expiresAt: at("expires_at").notNull(),
    usedAt: at("used_at"),
  },
  (table) => [index("password_resets_user").on(table.userId)],
);

/** Second factors: time-based one-time passwords (RFC 6238). */
export const secondFactors = pgTable("second_factors", {
  userId: uuid("user_id")
    .$type<UserId>()
    .primaryKey()
    .references(() => users.id, { onDelete: "cascade" }),
  sealedSecret: text("sealed_secret").notNull(),
  /** Null until the person has shown a first code. */
  confirmedAt: at("confirmed_at"),
  /** Time step of the last accepted code: a code is taken once (RFC 6238, 5.2). */
  lastStep: bigint("last_step", { mode: "number" }).notNull().default(0),
  createdAt: at("created_at").notNull().defaultNow(),
});

export const recoveryCodes = pgTable(
  "recovery_codes",
  {
    userId: uuid("user_id")
      .$type<UserId>()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** sha256 of the code, hex. */
    codeHash: text("code_hash").notNull(),
    usedAt: at("used_at"),
  },
  (table) => [primaryKey({ columns: [table.userId, table.codeHash] })],
);

/** Between the password and the second factor. */
export const signInChallenges = pgTable(
  "sign_in_challenges",
  {
    /** sha256 of the token that the browser holds, hex. */
    tokenHash: text("token_hash").primaryKey(),
    userId: uuid("user_id")
      .$type<UserId>()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    audience: text().$type<"cloud" | "admin">().notNull(),
    failures: integer().notNull().default(0),
    expiresAt: at("expires_at").notNull(),
    isUsed: boolean("is_used").notNull().default(false),
  },
  (table) => [index("sign_in_challenges_expires_at").on(table.expiresAt)],
);

export const signingKeys = pgTable("signing_keys", {
  /** `kid` of the JWS header. */
  kid: text().primaryKey(),
  publicJwk: jsonb("public_jwk").$type<{ kty: "OKP"; crv: "Ed25519"; x: string; kid: string }>().notNull(),
  /** PKCS#8, sealed with the data encryption key. */
  sealedPrivateKey: text("sealed_private_key").notNull(),
  createdAt: at("created_at").notNull().defaultNow(),
  /** Since when it signs; null while agents are still learning of it. */
  activatedAt: at("activated_at"),
  retiredAt: at("retired_at"),
});
