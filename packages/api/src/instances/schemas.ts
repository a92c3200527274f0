/** What may be said about instances. Browser-safe. */
import { engineSchema, MAX_CAPACITY, upgradeReportSchema } from "@kombify/agent-contract";
import { z } from "zod";

export const LIFECYCLES = ["planned", "active", "draining", "decommissioned"] as const;
/** `pending`: never joined. `stale`: silent for 45 s. `offline`: silent for 120 s. `revoked`: cut off by staff. */
export const CONNECTIONS = ["pending", "connected", "stale", "offline", "revoked"] as const;
export const HEALTHS = ["unknown", "healthy", "degraded", "unhealthy"] as const;
export const connectionSchema = z.enum(CONNECTIONS);
export type Connection = z.infer<typeof connectionSchema>;

export const instanceNameSchema = z
  .string({ error: "Give the instance a name." })
  .trim()
  .regex(/^[a-z0-9][a-z0-9-]{0,38}[a-z0-9]$/, "Use 2 to 40 lower-case letters, digits and hyphens, such as stack-2.");

export const registerInstanceInput = z.strictObject({
  name: instanceNameSchema,
  region: z.string().trim().max(60, "Use at most 60 characters.").default(""),
  /** Places at most; left out, the host has as many as it says when it joins. */
  capacity: z
    .number()
    .int()
    .min(1, "Give it at least 1 place.")
    .max(MAX_CAPACITY, `Give it at most ${MAX_CAPACITY.toLocaleString("en")} places.`)
    .optional(),
});

export const instanceIdInput = z.strictObject({ id: z.uuid() });

export const listInstancesInput = z.strictObject({
  search: z.string().trim().max(200).optional(),
  connection: connectionSchema.optional(),
  sort: z.enum(["name", "-name", "createdAt", "-createdAt"]).default("name"),
  cursor: z.string().max(500).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

export const instanceView = z.object({
  id: z.uuid(),
  name: z.string(),
  region: z.string(),
  lifecycle: z.enum(LIFECYCLES),
  connection: connectionSchema,
  health: z.enum(HEALTHS),
  healthDetail: z.string().nullable(),
  cordonedAt: z.date().nullable(),
  publicUrl: z.string().nullable(),
  internalUrl: z.string().nullable(),
  engine: engineSchema,
  /** Places that it has; 0 while nobody has said how many. */
  capacity: z.number().int(),
  /** Places that staff allow; null leaves it to the host. */
  capacityLimit: z.number().int().nullable(),
  placesUsed: z.number().int(),
  desiredRevision: z.number().int(),
  appliedRevision: z.number().int(),
  lastSeenAt: z.date().nullable(),
  lastBootAt: z.date().nullable(),
  versions: z.object({ agent: z.string(), engine: z.string() }).nullable(),
  orphans: z.array(z.string()),
  /** The last upgrade of its namespaces since its agent started; null when there was none. */
  upgrade: upgradeReportSchema.nullable(),
  createdAt: z.date(),
});
export type InstanceView = z.infer<typeof instanceView>;

export const instancePage = z.object({
  items: z.array(instanceView),
  nextCursor: z.string().nullable(),
  total: z.number().int(),
});

export const instanceDetailView = instanceView.extend({
  events: z.array(z.object({ id: z.uuid(), at: z.date(), kind: z.string(), detail: z.string() })),
  certificates: z.array(
    z.object({ serial: z.string(), issuedAt: z.date(), notAfter: z.date(), revokedAt: z.date().nullable() }),
  ),
  joinToken: z.object({ expiresAt: z.date() }).nullable(),
});
export type InstanceDetailView = z.infer<typeof instanceDetailView>;

/** The join token is in this answer and nowhere else: only its hash is stored. */
export const joinTokenView = z.object({
  instance: instanceView,
  joinToken: z.string(),
  joinCommand: z.string(),
  expiresAt: z.date(),
});
export type JoinTokenView = z.infer<typeof joinTokenView>;
