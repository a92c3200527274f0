/**
 * Records of a namespace, as the Stack's API gives them. Names and states follow the single-tenant platform, so that
 * its clients keep working. Dates are RFC 3339 UTC.
 */
import { z } from "zod";

export const STACK_STATUSES = ["draft", "pending", "provisioning", "running", "stopping", "stopped", "error"] as const;
export const STACK_MODES = ["easy", "techie"] as const;
export const NODE_ROLES = ["foundation", "main", "worker", "storage", "control-plane", "standalone"] as const;
export const NODE_STATUSES = ["pending", "connected", "rejected", "offline"] as const;
export const JOB_TYPES = [
  "provision",
  "deploy",
  "destroy",
  "update",
  "restart",
  "drift_check",
  "drift_resolve",
  "stackkit_lifecycle",
] as const;
export const JOB_STATES = ["pending", "waiting", "running", "completed", "failed", "canceled"] as const;

/**
 * Id of a record: a UUID, or the 15 letters and digits that PocketBase gives (https://pocketbase.io/docs/collections) and
 * that records of older Stacks keep for ever.
 */
export const RECORD_ID_PATTERN = /^(?:[a-z0-9]{15}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
export const recordIdSchema = z.string().toLowerCase().regex(RECORD_ID_PATTERN, "This is not the id of a record.");

const name = z.string().trim().min(1, "Give it a name.").max(60, "Use at most 60 characters.");

const json = z.record(z.string(), z.unknown());

export const stackSchema = z.object({
  id: recordIdSchema,
  name: z.string(),
  description: z.string(),
  mode: z.enum(STACK_MODES),
  status: z.enum(STACK_STATUSES),
  services: z.array(z.string()),
  config: json,
  createdBy: recordIdSchema.nullable(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type Stack = z.infer<typeof stackSchema>;

export const createStackSchema = z.strictObject({
  name,
  description: z.string().max(500, "Use at most 500 characters.").default(""),
  mode: z.enum(STACK_MODES).default("easy"),
  services: z.array(z.string().min(1).max(60)).max(100).default([]),
  config: json.default({}),
});
export const updateStackSchema = z.strictObject({
  name: name.optional(),
  description: z.string().max(500, "Use at most 500 characters.").optional(),
  mode: z.enum(STACK_MODES).optional(),
  services: z.array(z.string().min(1).max(60)).max(100).optional(),
  config: json.optional(),
});

export const nodeSchema = z.object({
  id: recordIdSchema,
  stackId: recordIdSchema,
  name: z.string(),
  role: z.enum(NODE_ROLES),
  status: z.enum(NODE_STATUSES),
  address: z.string(),
  metadata: json,
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type StackNode = z.infer<typeof nodeSchema>;

export const createNodeSchema = z.strictObject({
  stackId: z.string().toLowerCase().regex(RECORD_ID_PATTERN, "Choose the stack that this node belongs to."),
  name,
  role: z.enum(NODE_ROLES).default("foundation"),
  address: z.string().max(255, "Use at most 255 characters.").default(""),
  metadata: json.default({}),
});
export const updateNodeSchema = z.strictObject({
  name: name.optional(),
  role: z.enum(NODE_ROLES).optional(),
  address: z.string().max(255, "Use at most 255 characters.").optional(),
  metadata: json.optional(),
});

export const jobLogLineSchema = z.object({ at: z.iso.datetime(), message: z.string() });

export const jobSchema = z.object({
  id: recordIdSchema,
  type: z.enum(JOB_TYPES),
  state: z.enum(JOB_STATES),
  stackId: recordIdSchema.nullable(),
  /** What the job acts on, in words: `stack "media"`, `node "nas"`. It outlives its target. */
  target: z.string(),
  /** 0 to 100. */
  progress: z.number().int().min(0).max(100),
  step: z.string(),
  message: z.string(),
  error: z.string().nullable(),
  logs: z.array(jobLogLineSchema),
  attempts: z.number().int(),
  maxAttempts: z.number().int(),
  createdBy: recordIdSchema.nullable(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().nullable(),
  completedAt: z.iso.datetime().nullable(),
});
export type StackJob = z.infer<typeof jobSchema>;

/** A page of a list: `nextCursor` is null on the last page. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });

/** `?limit&cursor&sort` of every list; any other query parameter is an equality filter on that field. */
export const listQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(500).optional(),
  /** A field name, with a leading `-` for descending. */
  sort: z.string().max(40).default("-createdAt"),
});
