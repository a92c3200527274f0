/**
 * Feature flags on their way to a host. A tenant's flags are one immutable document per revision; a host is sent all of its
 * tenants' documents at once, and never a part of them. What tenants have in common is sent once: `contents`.
 */
import { z } from "zod";

/** Largest body that carries flags, bytes. */
export const FLAGS_BODY_LIMIT = 4 * 1024 * 1024;

/** What a flag is called: also a segment of a path. */
export const flagKeySchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][\w.-]{0,99}$/,
    "Use up to 100 letters, digits, dots, dashes and underscores, such as new-dashboard.",
  );

export const variantNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,49}$/, "Use up to 50 letters, digits, dots, dashes and underscores, such as on.");

const jsonSchema = z.json();
const scalarSchema = z.union([z.string(), z.number(), z.boolean()]);

/** Another flag that has to give one of these variants; while it does not, this flag gives its `offVariant`. */
export const prerequisiteSchema = z.strictObject({
  flag: flagKeySchema,
  variants: z.array(variantNameSchema).min(1).max(50),
});
export type Prerequisite = z.infer<typeof prerequisiteSchema>;

/**
 * One entry of flagd's flag-definition file (flagd.dev/reference/flag-definitions), with two things that flagd does not
 * have. Segments (`$ref`) are already written out, and lists of tenants reduced to the one tenant.
 */
export const compiledFlagSchema = z.object({
  state: z.enum(["ENABLED", "DISABLED"]),
  /** All of one type. */
  variants: z.record(z.string(), jsonSchema),
  /** Null: whoever asks uses the default of their own code. */
  defaultVariant: z.string().nullable(),
  /** JSONLogic with flagd's own operations. */
  targeting: z.record(z.string(), jsonSchema).optional(),
  metadata: z.record(z.string(), scalarSchema).optional(),
  prerequisites: z.array(prerequisiteSchema).max(20).optional(),
  /** What is given while the flag is killed or a prerequisite is missing; without it there is no value. */
  offVariant: z.string().optional(),
});
export type CompiledFlag = z.infer<typeof compiledFlagSchema>;
export const compiledFlagsSchema = z.record(z.string(), compiledFlagSchema);
export type CompiledFlags = z.infer<typeof compiledFlagsSchema>;

const digestSchema = z.string().regex(/^[0-9a-f]{64}$/, "A digest is a SHA-256 in lower-case hex.");

/** A document without its flags, which `flagsDigest` names. */
export const flagEnvelopeSchema = z.object({
  schemaVersion: z.literal(1),
  /** Library and version that the values were promised with: `flagd-core@4.0.1`. Another major version buckets differently. */
  engineVersion: z.string().max(100),
  tenant: z.uuid(),
  /** Only ever grows, by tenant. */
  revision: z.number().int().min(1),
  /** See `digestOfEnvelope` in packages/flags. */
  digest: digestSchema,
  /** SHA-256 of the flags in canonical form (RFC 8785). */
  flagsDigest: digestSchema,
  generatedAt: z.iso.datetime(),
  /** What is known of the tenant: `tenantId`, `tenant` (slug), `plan`, `instance`, `region`, `version`. It outweighs what a client says. */
  context: z.record(z.string(), scalarSchema),
});
export type FlagEnvelope = z.infer<typeof flagEnvelopeSchema>;

/** All flags of one tenant at one revision. */
export const flagDocumentSchema = flagEnvelopeSchema.extend({ flags: compiledFlagsSchema });
export type FlagDocument = z.infer<typeof flagDocumentSchema>;

/** `GET /api/agent/flags?etag=E` answers 200 with this, or 304 while E is current. */
export const hostFlagsSchema = z.object({
  schemaVersion: z.literal(1),
  /** Names the whole of it. */
  etag: digestSchema,
  documents: z.array(flagEnvelopeSchema).max(10_000),
  /** By `flagsDigest`. */
  contents: z.record(digestSchema, compiledFlagsSchema),
});
export type HostFlags = z.infer<typeof hostFlagsSchema>;

/**
 * Data of the event `flags` on `GET /api/agent/events`: there is something to fetch. Where that is small it stands beside, as
 * {@link hostFlagsSchema}, and is to be read as if it had been fetched (ADR 0030).
 */
export const flagsHintSchema = z.object({ etag: digestSchema, flags: z.unknown().optional() });

/** What older control planes send, and what an existing TechStack exchanges: whole with `full`, else what is named changes. */
export const olderFlagsSchema = z.strictObject({
  flags: z
    .array(z.strictObject({ key: flagKeySchema, enabled: z.boolean(), reason: z.string().max(500).optional() }))
    .max(5_000),
  full: z.boolean().optional(),
});
export type OlderFlags = z.infer<typeof olderFlagsSchema>;

/**
 * Answer of `POST /api/internal/feature-flags/apply`: what is stored now. A document that is older than what is stored, or
 * another one of the same revision, is refused with 409.
 */
export const appliedFlagsSchema = z.object({
  /** Of the document that is stored; 0 while there is only what older control planes sent. */
  revision: z.number().int().min(0),
  digest: digestSchema,
  applied: z.literal(true),
});
export type AppliedFlags = z.infer<typeof appliedFlagsSchema>;

/** How often a flag gave a variant on a host since its agent started; only ever grows within a boot. */
export const flagUsageSchema = z.object({
  key: z.string().max(100),
  /** Empty where there was no value. */
  variant: z.string().max(50),
  count: z.number().int().min(1),
});
export type FlagUsage = z.infer<typeof flagUsageSchema>;
