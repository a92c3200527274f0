/** People, their sessions, and the keys that sign launch assertions. */
import { index, jsonb, pgTable, text, timestamp, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { newId, type UserId } from "./ids.ts";

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
  },
  (table) => [index("sessions_user_id").on(table.userId), index("sessions_expires_at").on(table.expiresAt)],
);

export const signingKeys = pgTable("signing_keys", {
  /** `kid` of the JWS header. */
  kid: text().primaryKey(),
  publicJwk: jsonb("public_jwk").$type<{ kty: "OKP"; crv: "Ed25519"; x: string; kid: string }>().notNull(),
  /** PKCS#8, sealed with the data encryption key. */
  sealedPrivateKey: text("sealed_private_key").notNull(),
  createdAt: at("created_at").notNull().defaultNow(),
  retiredAt: at("retired_at"),
});
