/**
 * Everything the control plane wants on one instance, as one document. A full document replaces what the agent has;
 * what is absent is an orphan and left alone unless a tombstone names it.
 * `GET /api/agent/desired?revision=N` answers 200 with this document, or 304 while N is current.
 */
import { z } from "zod";
import { slugSchema } from "./names.ts";
import { memberRoleSchema } from "./roles.ts";

export const PLANS = ["free", "pro", "business"] as const;
export const planSchema = z.enum(PLANS);
export type Plan = z.infer<typeof planSchema>;

/** Somebody who belongs to a tenant. */
export const desiredMemberSchema = z.object({
  /** As in the assertion's `sub`, at the control plane's own issuer. */
  subject: z.string().min(1).max(200),
  role: memberRoleSchema,
  /** The same person at identity providers: how the gateway names people. */
  identities: z.array(z.object({ issuer: z.string().max(500), subject: z.string().max(500) })).optional(),
});
export type DesiredMember = z.infer<typeof desiredMemberSchema>;

export const desiredTenantSchema = z.object({
  tenantId: z.uuid(),
  slug: slugSchema,
  /** From the identity provider: any text of 1 to 200 characters, never part of a name. */
  orgId: z.string().min(1).max(200),
  name: z.string().min(1).max(100),
  plan: planSchema,
  state: z.enum(["active", "suspended"]),
  /** Raised on each move between instances; work for an older generation is refused. */
  generation: z.number().int().min(1),
  /** Whom the gateway may name; absent in documents of a control plane before version 0.2. */
  members: z.array(desiredMemberSchema).optional(),
});
export type DesiredTenant = z.infer<typeof desiredTenantSchema>;

export const tombstoneSchema = z.object({
  tenantId: z.uuid(),
  slug: slugSchema,
  /** The namespace is dropped when the host's generation of this tenant is at most this one. */
  generation: z.number().int().min(1),
});
export type Tombstone = z.infer<typeof tombstoneSchema>;

/** A public Ed25519 key as JWK (RFC 8037), with which launch assertions are verified. */
export const assertionKeySchema = z.object({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: z.string(),
  kid: z.string(),
});
export type AssertionKey = z.infer<typeof assertionKeySchema>;

/**
 * Somebody whose sessions on this Stack end: they signed out of the portal, or are no longer a member. Meant is what was
 * launched up to `before` (the `iat` of the assertion, on the control plane's clock).
 */
export const sessionEndingSchema = z.object({
  tenantId: z.uuid(),
  /** As in the assertion. */
  subject: z.string().min(1).max(200),
  /** Only what was launched from this session of the portal (`sid` of the assertion); null for all of the person's. */
  sid: z.uuid().nullable(),
  before: z.iso.datetime(),
});
export type SessionEnding = z.infer<typeof sessionEndingSchema>;

export const desiredStateSchema = z.object({
  schemaVersion: z.literal(1),
  instanceId: z.uuid(),
  revision: z.number().int().min(0),
  generatedAt: z.iso.datetime(),
  /** Origin of the Cloud portal: the only origin that may post a ticket, and where the console links back to. */
  portalOrigin: z.url(),
  assertionKeys: z.array(assertionKeySchema),
  tenants: z.array(desiredTenantSchema),
  tombstones: z.array(tombstoneSchema),
  /** Absent, as all below, in documents of a control plane before version 0.2. */
  sessionEndings: z.array(sessionEndingSchema).optional(),
  /** CAs to trust from now on, PEM, newest first: during a change of CA there are two. */
  caBundle: z.array(z.string()).optional(),
  /** Serial numbers (lower-case hex) of services' certificates that are refused although they have not ended. */
  revokedServiceSerials: z.array(z.string()).optional(),
  /** An agent whose certificate was issued before this renews it at once. RFC 3339 UTC. */
  renewCertificatesBefore: z.iso.datetime().nullable().optional(),
});
export type DesiredState = z.infer<typeof desiredStateSchema>;

/** Data of the one event on `GET /api/agent/events` (SSE, event name `hint`) and body of `POST /api/internal/hint`. */
export const hintSchema = z.object({ revision: z.number().int().min(0) });
export type Hint = z.infer<typeof hintSchema>;

/** An agent pulls this often even without a hint; each wait is spread by ±20 %. Milliseconds. */
export const PULL_INTERVAL_MS = 60_000;
