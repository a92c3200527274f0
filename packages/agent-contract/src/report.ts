/**
 * What an agent tells the control plane: every 10 s ± 20 % as a heartbeat, and at once after anything changed.
 * `POST /api/agent/report`. Only a report with a newer (bootEpoch, seq) is accepted.
 */
import { z } from "zod";
import { engineSchema } from "./engines.ts";
import { flagUsageSchema } from "./flags.ts";

/**
 * `creating`: work has begun. `ready`: the namespace is complete and open; closed only while its `namespaceVersion` is
 * below the upgrade's `toVersion`, until its turn comes. `suspended`: complete and closed.
 * `failed`: see `error`; retried. `quarantined`: its collections could not be brought to the agent's version, see `error`;
 * closed, retried more and more rarely, and in nobody's way. `removed`: a tombstone was carried out.
 */
export const TENANT_REPORT_STATES = ["creating", "ready", "suspended", "failed", "quarantined", "removed"] as const;

export const tenantReportSchema = z.object({
  tenantId: z.uuid(),
  generation: z.number().int().min(1),
  state: z.enum(TENANT_REPORT_STATES),
  error: z.string().max(1000).optional(),
  /** Version of the namespace's collections; absent while there are none, and from agents that do not say. */
  namespaceVersion: z.number().int().min(0).optional(),
  /** The flags that are stored here for this tenant; absent while there are none, and from older agents. */
  flags: z
    .object({
      revision: z.number().int().min(0),
      digest: z.string().regex(/^[0-9a-f]{64}$/),
      /** Why a newer document was not taken. */
      error: z.string().max(1000).optional(),
    })
    .optional(),
});
export type TenantReport = z.infer<typeof tenantReportSchema>;

/** How far a host is with bringing its namespaces to a new version of the collections, one after the other. */
export const upgradeReportSchema = z.object({
  /** Version that this agent's collections have. */
  toVersion: z.number().int().min(1),
  /** Namespaces that had an older version when the upgrade began. */
  total: z.number().int().min(0),
  done: z.number().int().min(0),
  quarantined: z.number().int().min(0),
  /** RFC 3339 UTC. */
  startedAt: z.iso.datetime(),
  /** Absent while it goes on. */
  finishedAt: z.iso.datetime().optional(),
});
export type UpgradeReport = z.infer<typeof upgradeReportSchema>;

export const reportSchema = z.object({
  /** Milliseconds since 1970 at which this agent process started. */
  bootEpoch: z.number().int().min(0),
  /** Counts up from 1 within one boot. */
  seq: z.number().int().min(1),
  /** Revision of the last document of which all was applied, except to tenants under quarantine; 0 before the first. */
  appliedRevision: z.number().int().min(0),
  tenants: z.array(tenantReportSchema).max(10_000),
  /** Slugs of namespaces on the host that no document and no tombstone names. */
  orphans: z.array(z.string()).max(10_000),
  health: z.enum(["healthy", "degraded", "unhealthy"]),
  /** Why, when not healthy. */
  healthDetail: z.string().max(1000).optional(),
  engine: engineSchema,
  /** Tenants that this host has room for. */
  capacity: z.number().int().min(1).max(10_000),
  /** The last upgrade of the namespaces since this agent process started; absent when there was none. */
  upgrade: upgradeReportSchema.optional(),
  /** Fingerprints (sha256 of the DER, hex) of the CAs that this agent trusts; absent from older agents. */
  trustedCas: z
    .array(z.string().regex(/^[0-9a-f]{64}$/))
    .max(10)
    .optional(),
  /** What changed since the last report that was accepted, counted since boot; absent from older agents. */
  flagUsage: z.array(flagUsageSchema).max(5_000).optional(),
  versions: z.object({ agent: z.string().max(64), engine: z.string().max(64) }),
});
export type Report = z.infer<typeof reportSchema>;

/** `accepted: false` means that a newer report was already stored. `desiredRevision` is a hint too. */
export const reportAnswerSchema = z.object({ accepted: z.boolean(), desiredRevision: z.number().int().min(0) });
export type ReportAnswer = z.infer<typeof reportAnswerSchema>;

/** Milliseconds between heartbeats, each spread by ±20 %. */
export const HEARTBEAT_INTERVAL_MS = 10_000;
