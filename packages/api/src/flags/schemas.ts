/** What may be said about feature flags. Browser-safe. */
import {
  flagKeySchema,
  flagUsageSchema,
  olderFlagsSchema,
  planSchema,
  prerequisiteSchema,
  variantNameSchema,
} from "@kombify/agent-contract";
import { z } from "zod";

/** Words that are paths of their own below `/api/admin/flags` and `/flags`. */
const RESERVED_KEYS: ReadonlySet<string> = new Set(["changes", "export", "import", "new", "segments"]);

export const flagKeyInput = z.strictObject({
  key: flagKeySchema.refine((key) => !RESERVED_KEYS.has(key), "This word is a page of its own. Choose another key."),
});
const segmentKeySchema = flagKeySchema;
const noteSchema = z.string().trim().max(1_000, "Use at most 1,000 characters.").default("");
/** A whole object of JSON: a targeting, a metadata, a flagd file. */
const jsonObjectSchema = z.record(z.string(), z.json());
const scalarSchema = z.union([z.string(), z.number(), z.boolean()]);

export const FLAG_KINDS = ["release", "operations", "experiment", "permission"] as const;
export const FLAG_LIFETIMES = ["temporary", "permanent"] as const;
export const FLAG_TYPES = ["boolean", "string", "number", "object"] as const;

/**
 * How a flag stands: `killed` by the kill switch, `disabled`, `expired` (past its date), `unused` (nobody asked for it in
 * 30 days), `settled` (temporary, and one variant for everybody for 30 days: take it out of the code), else `active`.
 */
export const FLAG_STANDINGS = ["active", "killed", "disabled", "expired", "unused", "settled"] as const;

/** What staff edit, whole. */
export const flagDefinitionSchema = z.strictObject({
  description: z.string().trim().max(1_000).default(""),
  owner: z.string().trim().min(1, "Say who answers for it, such as a team or an address.").max(200),
  kind: z.enum(FLAG_KINDS).default("release"),
  lifetime: z.enum(FLAG_LIFETIMES).default("temporary"),
  /** After this it should be gone from the code. */
  expiresAt: z.coerce.date().nullable().default(null),
  isSensitive: z.boolean().default(false),
  state: z.enum(["ENABLED", "DISABLED"]).default("ENABLED"),
  variants: z
    .record(variantNameSchema, z.json())
    .refine((variants) => Object.keys(variants).length >= 1, "A flag needs a variant.")
    .refine((variants) => Object.keys(variants).length <= 50, "A flag has at most 50 variants."),
  defaultVariant: variantNameSchema.nullable(),
  /** What is given while it is killed or a prerequisite is missing. */
  offVariant: variantNameSchema.nullable().default(null),
  prerequisites: z.array(prerequisiteSchema).max(20).default([]),
  targeting: jsonObjectSchema.default({}),
  metadata: z.record(z.string(), scalarSchema).default({}),
});
export type FlagDefinition = z.infer<typeof flagDefinitionSchema>;

export const saveFlagInput = flagKeyInput.extend({
  definition: flagDefinitionSchema,
  /** Version that the change was made from; 0 for a new flag. Refused with CONFLICT when there is another by now. */
  version: z.number().int().min(0),
  note: noteSchema,
  /** Not before then. */
  scheduledAt: z.coerce.date().nullable().default(null),
});

export const flagChangeView = z.object({
  id: z.uuid(),
  flagKey: z.string(),
  kind: z.enum(["update", "kill", "restore", "remove", "override"]),
  /** In a few words: what it does. */
  summary: z.array(z.string()),
  note: z.string(),
  needsApproval: z.boolean(),
  scheduledAt: z.date().nullable(),
  state: z.enum(["waiting_for_approval", "scheduled", "applied", "rejected", "cancelled", "failed"]),
  reason: z.string(),
  requestedByName: z.string(),
  /** The caller made it: somebody else has to approve. */
  isMine: z.boolean(),
  requestedAt: z.date(),
  decidedByName: z.string().nullable(),
  decidedAt: z.date().nullable(),
  finishedAt: z.date().nullable(),
});
export type FlagChangeView = z.infer<typeof flagChangeView>;

export const flagSummaryView = z.object({
  key: z.string(),
  description: z.string(),
  owner: z.string(),
  kind: z.string(),
  lifetime: z.enum(FLAG_LIFETIMES),
  type: z.enum(FLAG_TYPES),
  standing: z.enum(FLAG_STANDINGS),
  isSensitive: z.boolean(),
  expiresAt: z.date().nullable(),
  version: z.number().int(),
  createdAt: z.date(),
  updatedAt: z.date(),
  lastEvaluatedAt: z.date().nullable(),
  /** In the last 24 hours. */
  evaluations: z.number().int(),
  overrides: z.number().int(),
  /** Changes of it that wait. */
  waitingChanges: z.number().int(),
  /** Instances with tenants, and how many of them do not have it as it is now. */
  instances: z.number().int(),
  instancesBehind: z.number().int(),
});
export type FlagSummaryView = z.infer<typeof flagSummaryView>;

export const flagView = flagSummaryView.extend({
  definition: z.object({
    description: z.string(),
    owner: z.string(),
    kind: z.string(),
    lifetime: z.enum(FLAG_LIFETIMES),
    expiresAt: z.date().nullable(),
    isSensitive: z.boolean(),
    state: z.enum(["ENABLED", "DISABLED"]),
    variants: jsonObjectSchema,
    defaultVariant: z.string().nullable(),
    offVariant: z.string().nullable(),
    prerequisites: z.array(z.object({ flag: z.string(), variants: z.array(z.string()) })),
    targeting: jsonObjectSchema,
    metadata: z.record(z.string(), scalarSchema),
  }),
  killedAt: z.date().nullable(),
  killedReason: z.string(),
  /** The rule in words, a line each. */
  words: z.array(z.string()),
  /** Flags that have it as a prerequisite. */
  neededBy: z.array(z.string()),
});
export type FlagView = z.infer<typeof flagView>;

/** What became of a change: `saved`, or it waits as `change`. */
export const flagOutcomeView = z.object({
  outcome: z.enum(["saved", "waiting_for_approval", "scheduled"]),
  flag: flagView.nullable(),
  change: flagChangeView.nullable(),
});
export type FlagOutcomeView = z.infer<typeof flagOutcomeView>;

export const listFlagsInput = z.strictObject({
  search: z.string().trim().max(200).optional(),
  standing: z.enum(FLAG_STANDINGS).optional(),
  lifetime: z.enum(FLAG_LIFETIMES).optional(),
  owner: z.string().max(200).optional(),
  sort: z.enum(["key", "-updatedAt", "updatedAt", "-evaluations", "-instancesBehind"]).default("key"),
  cursor: z.string().max(500).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export const flagListView = z.object({ items: z.array(flagSummaryView), nextCursor: z.string().nullable() });

/** One thing that is different: a path in words, and what it was and becomes (JSON or words). */
const differenceView = z.object({ what: z.string(), before: z.string().nullable(), after: z.string().nullable() });
export type FlagDifference = z.infer<typeof differenceView>;

/** What saving would do, without doing it. */
export const previewFlagInput = flagKeyInput.extend({ definition: flagDefinitionSchema });
export const flagPreviewView = z.object({
  differences: z.array(differenceView),
  wordsBefore: z.array(z.string()),
  wordsAfter: z.array(z.string()),
  /** Tenants by what they get now and then, each for its owner; `null` where there is no value. */
  effects: z.array(
    z.object({ before: z.string().nullable(), after: z.string().nullable(), tenants: z.number().int() }),
  ),
  /** Where there are too many tenants to look at each: for how many the numbers stand. */
  effectsNote: z.string().nullable(),
  needsApproval: z.boolean(),
});
export type FlagPreviewView = z.infer<typeof flagPreviewView>;

export const reasonedFlagInput = flagKeyInput.extend({
  reason: z.string().trim().min(1, "Say why, for those who look at it later.").max(500),
});
export const removeFlagInput = flagKeyInput.extend({ note: noteSchema });

const tenantSelector = z.string().trim().min(1, "Name a homelab by its address or id.").max(100);
export const saveOverrideInput = flagKeyInput.extend({
  tenant: tenantSelector,
  variant: variantNameSchema,
  reason: z.string().trim().max(500).default(""),
});
export const overrideInput = flagKeyInput.extend({ tenant: tenantSelector });
export const overrideView = z.object({
  tenantId: z.uuid(),
  slug: z.string(),
  name: z.string(),
  variant: z.string(),
  reason: z.string(),
  createdByName: z.string().nullable(),
  createdAt: z.date(),
});
export const overridesView = z.object({ items: z.array(overrideView) });

export const flagHistoryInput = flagKeyInput.extend({
  cursor: z.string().max(500).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});
export const flagHistoryView = z.object({
  items: z.array(
    z.object({
      version: z.number().int(),
      action: z.string(),
      note: z.string(),
      actorName: z.string(),
      approvedByName: z.string().nullable(),
      at: z.date(),
      /** Against the version before. */
      differences: z.array(differenceView),
      /** There is a state to go back to. */
      canRevert: z.boolean(),
    }),
  ),
  nextCursor: z.string().nullable(),
});
export type FlagHistoryView = z.infer<typeof flagHistoryView>;
export const revertFlagInput = flagKeyInput.extend({ version: z.number().int().min(1), note: noteSchema });

export const segmentInput = z.strictObject({ key: segmentKeySchema });
export const saveSegmentInput = segmentInput.extend({
  description: z.string().trim().max(1_000).default(""),
  logic: jsonObjectSchema,
  version: z.number().int().min(0),
  note: noteSchema,
});
export const segmentView = z.object({
  key: z.string(),
  description: z.string(),
  logic: jsonObjectSchema,
  words: z.string(),
  version: z.number().int(),
  updatedAt: z.date(),
  usedBy: z.array(z.string()),
});
export type SegmentView = z.infer<typeof segmentView>;
export const segmentsView = z.object({ items: z.array(segmentView) });

/** A flagd flag-definition file. */
export const flagFileSchema = z.looseObject({
  flags: z.record(z.string(), z.looseObject({})),
  $evaluators: z.record(z.string(), jsonObjectSchema).optional(),
  metadata: z.record(z.string(), scalarSchema).optional(),
});
export const importFlagsInput = z.strictObject({
  file: flagFileSchema,
  /** `merge` leaves alone what the file does not name; `replace` removes it. */
  mode: z.enum(["merge", "replace"]).default("merge"),
  /** Only says what it would do. */
  dryRun: z.coerce.boolean().default(false),
  /** Of flags that the file says no owner of. */
  owner: z.string().trim().min(1).max(200).default("imported"),
});
export const importedFlagsView = z.object({
  dryRun: z.boolean(),
  items: z.array(
    z.object({
      noun: z.enum(["flag", "segment"]),
      key: z.string(),
      outcome: z.enum(["created", "updated", "unchanged", "removed", "waiting_for_approval"]),
      differences: z.array(differenceView),
    }),
  ),
});
export type ImportedFlagsView = z.infer<typeof importedFlagsView>;

export const flagChangesInput = z.strictObject({
  key: flagKeySchema.optional(),
  /** `waiting`: what still has to happen. */
  show: z.enum(["waiting", "all"]).default("waiting"),
  cursor: z.string().max(500).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});
export const flagChangesView = z.object({ items: z.array(flagChangeView), nextCursor: z.string().nullable() });
export const flagChangeInput = z.strictObject({ id: z.uuid() });
export const rejectChangeInput = flagChangeInput.extend({
  reason: z.string().trim().min(1, "Say why, for the one who asked for it.").max(500),
});

/** "As tenant X on plan Y": what a flag, or a draft of it, gives there and why. */
export const playgroundInput = flagKeyInput.extend({
  definition: flagDefinitionSchema.optional(),
  tenant: tenantSelector.optional(),
  /** In place of the tenant's own, or for nobody in particular. */
  plan: planSchema.optional(),
  context: jsonObjectSchema.default({}),
});
export const playgroundView = z.object({
  value: z.json().nullable(),
  hasValue: z.boolean(),
  variant: z.string().nullable(),
  reason: z.string(),
  error: z.string().nullable(),
  /** `rule-1`, `default`, `override`, `killed`, `prerequisite`, `disabled`. */
  decidedBy: z.string(),
  words: z.string(),
  /** Where a share decided: of which attribute's value, and which of 100,000 places it fell on. */
  bucket: z
    .object({
      attribute: z.string(),
      value: z.string(),
      place: z.number().int(),
      shares: z.array(z.object({ variant: z.string(), from: z.number().int(), to: z.number().int() })),
    })
    .nullable(),
  /** Conditions in the order in which they were looked at. */
  steps: z.array(z.object({ words: z.string(), holds: z.boolean() })),
  /** What it was evaluated with. */
  context: jsonObjectSchema,
});
export type PlaygroundView = z.infer<typeof playgroundView>;

/** Where a flag is in effect as it is now. */
export const flagRolloutView = z.object({
  /** `flag_settings.revision` of the flag's last change. */
  revision: z.number().int(),
  changedAt: z.date(),
  instances: z.array(
    z.object({
      id: z.uuid(),
      name: z.string(),
      connection: z.string(),
      tenants: z.number().int(),
      /** Tenants whose flags there are older. */
      behind: z.number().int(),
      error: z.string().nullable(),
      acknowledgedAt: z.date().nullable(),
    }),
  ),
});
export type FlagRolloutView = z.infer<typeof flagRolloutView>;

export const FLAG_USAGE_RANGES = ["24h", "7d", "30d"] as const;
export const flagUsageInput = flagKeyInput.extend({ range: z.enum(FLAG_USAGE_RANGES).default("24h") });
export const flagUsageView = z.object({
  /** Length of a step, seconds. */
  stepSeconds: z.number().int(),
  series: z.array(
    z.object({
      variant: z.string(),
      points: z.array(z.object({ at: z.date(), count: flagUsageSchema.shape.count.or(z.literal(0)) })),
    }),
  ),
});
export type FlagUsageView = z.infer<typeof flagUsageView>;

/** With `flags`, what existing callers send: see olderFlagsSchema of packages/agent-contract. */
export const pushFlagsInput = olderFlagsSchema.partial().extend({ tenant: tenantSelector });
export const pushedFlagsView = z.object({ revision: z.number().int(), digest: z.string(), applied: z.boolean() });

/** A flag, a change that waits, or what a host has stored is different now; `*`: anything may be. */
export const flagNewsView = z.object({ noun: z.enum(["flags", "flag-changes", "flag-deliveries"]), id: z.string() });
export type FlagNews = z.infer<typeof flagNewsView>;

export const tenantSelectionInput = z.strictObject({ slug: z.string().optional(), tenantId: z.string().optional() });
export const portalFlagsView = z.object({
  flags: z.record(
    z.string(),
    z.object({ value: z.json().optional(), reason: z.string(), variant: z.string().optional() }),
  ),
  revision: z.number().int(),
});
export type PortalFlagsView = z.infer<typeof portalFlagsView>;
