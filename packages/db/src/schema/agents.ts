/** The certificate authorities and the certificates that they gave to agents and to our own services. */
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
  /** Since when it issues; null while everybody is still learning to trust it. */
  activatedAt: at("activated_at"),
  notAfter: at("not_after").notNull(),
  /** Since when nobody trusts it any more. */
  retiredAt: at("retired_at"),
});

/** Certificates of our own processes and of the gateway. */
export const serviceCertificates = pgTable(
  "service_certificates",
  {
    /** Serial number, hex. */
    serial: text().primaryKey(),
    service: text().$type<"cloud" | "admin" | "gateway">().notNull(),
    issuedAt: at("issued_at").notNull().defaultNow(),
    notAfter: at("not_after").notNull(),
    revokedAt: at("revoked_at"),
  },
  (table) => [index("service_certificates_not_after").on(table.notAfter)],
);

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
