/** The certificate authority and the certificates that it gave to agents. */
import { index, pgTable, text, timestamp, uuid } from "drizzle-orm/pg-core";
import type { InstanceId } from "./ids.ts";
import { instances } from "./instances.ts";

const at = (name: string) => timestamp(name, { withTimezone: true });

export const certificateAuthorities = pgTable("certificate_authorities", {
  /** sha256 of the certificate's DER, hex: the part of a join token that proves the control plane. */
  fingerprint: text().primaryKey(),
  certificate: text().notNull(),
  /** PKCS#8, sealed with the data encryption key. */
  sealedPrivateKey: text("sealed_private_key").notNull(),
  createdAt: at("created_at").notNull().defaultNow(),
  notAfter: at("not_after").notNull(),
  retiredAt: at("retired_at"),
});

export const agentCertificates = pgTable(
  "agent_certificates",
  {
    /** Serial number, hex. */
    serial: text().primaryKey(),
    instanceId: uuid("instance_id")
      .$type<InstanceId>()
      .notNull()
      .references(() => instances.id, { onDelete: "cascade" }),
    issuedAt: at("issued_at").notNull().defaultNow(),
    notAfter: at("not_after").notNull(),
    revokedAt: at("revoked_at"),
  },
  (table) => [index("agent_certificates_instance").on(table.instanceId, table.notAfter)],
);

/** One row: when the judge of heartbeats last looked, so that its own absence is not blamed on the fleet. */
export const fleetWatch = pgTable("fleet_watch", {
  id: text().primaryKey(),
  lastSweepAt: at("last_sweep_at").notNull(),
  /** Nothing is marked offline before this time. */
  graceUntil: at("grace_until"),
});
