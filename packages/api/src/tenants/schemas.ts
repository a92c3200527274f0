/** What may be said about tenants. Browser-safe. */
import { memberRoleSchema, planSchema, slugSchema } from "@kombify/agent-contract";
import { z } from "zod";
import { homelabNameSchema } from "../identity/schemas.ts";
import { connectionSchema } from "../instances/schemas.ts";

/**
 * `provisioning`: placed, its namespace is being made. `active`: usable. `waiting_for_capacity`: no instance has room.
 * `suspended`: closed by staff. `deleting`: its namespace is being removed.
 */
export const TENANT_STATUSES = ["provisioning", "active", "waiting_for_capacity", "suspended", "deleting"] as const;
export const tenantStatusSchema = z.enum(TENANT_STATUSES);
export type TenantStatus = z.infer<typeof tenantStatusSchema>;

export const createTenantInput = z.strictObject({ name: homelabNameSchema, slug: slugSchema.optional() });
export const tenantSlugInput = z.strictObject({ slug: z.string().min(1).max(40) });
export const launchInput = z.strictObject({ tenantId: z.string().min(1).max(40).optional() });
export const activityInput = z.strictObject({
  slug: z.string().min(1).max(40),
  limit: z.coerce.number().int().min(1).max(50).default(10),
});

export const tenantView = z.object({
  id: z.uuid(),
  slug: z.string(),
  name: z.string(),
  plan: planSchema,
  status: tenantStatusSchema,
  createdAt: z.date(),
});
export type TenantView = z.infer<typeof tenantView>;

export const STEP_KEYS = ["account", "placed", "namespace", "ready"] as const;
export const stepView = z.object({
  key: z.enum(STEP_KEYS),
  state: z.enum(["done", "active", "waiting", "failed"]),
  at: z.date().nullable(),
  detail: z.string().nullable(),
});
export type StepView = z.infer<typeof stepView>;

const limitView = z.object({ used: z.number().int(), max: z.number().int() });

/** A tenant as its members see it, with desired beside applied. */
export const tenantDetailView = tenantView.extend({
  role: memberRoleSchema,
  waitingReason: z.string().nullable(),
  instance: z
    .object({
      id: z.uuid(),
      name: z.string(),
      publicUrl: z.string().nullable(),
      connection: connectionSchema,
      lastSeenAt: z.date().nullable(),
    })
    .nullable(),
  desiredRevision: z.number().int(),
  appliedRevision: z.number().int(),
  steps: z.array(stepView),
  limits: z.object({ members: limitView, sims: limitView }),
  /** Its host keeps it closed because its collections could not be brought to a new version yet. */
  isUnderRepair: z.boolean(),
  /** Nobody is let in from the portal for a while; it runs on. */
  isLaunchPaused: z.boolean(),
  activatedAt: z.date().nullable(),
});
export type TenantDetailView = z.infer<typeof tenantDetailView>;

export const firstStepsView = z.object({
  isLaunched: z.boolean(),
  /** Somebody else is a member, or was asked to be. */
  isShared: z.boolean(),
});
export type FirstStepsView = z.infer<typeof firstStepsView>;

export const slugCheckView = z.object({
  available: z.boolean(),
  message: z.string().nullable(),
  suggestion: z.string().nullable(),
});

export const launchView = z.object({ redirectUrl: z.url(), ticket: z.string(), expiresAt: z.iso.datetime() });

export const activityView = z.object({
  items: z.array(
    z.object({ id: z.uuid(), at: z.date(), action: z.string(), actorName: z.string(), summary: z.string() }),
  ),
});

/** What staff filter by: a status, or `quarantined`, which a tenant is beside its status. */
export const TENANT_FILTERS = [...TENANT_STATUSES, "quarantined"] as const;
export type TenantFilter = (typeof TENANT_FILTERS)[number];

export const searchTenantsInput = z.strictObject({
  search: z.string().trim().max(200).optional(),
  status: z.enum(TENANT_FILTERS).optional(),
  instanceId: z.uuid().optional(),
  sort: z.enum(["createdAt", "-createdAt", "slug", "-slug", "name", "-name"]).default("-createdAt"),
  cursor: z.string().max(500).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

export const staffTenantView = tenantView.extend({
  instance: z.object({ id: z.uuid(), name: z.string() }).nullable(),
  generation: z.number().int(),
  ownerEmail: z.string().nullable(),
  /** Since when its host keeps it closed because its collections could not be upgraded; null while it is sound. */
  quarantinedAt: z.date().nullable(),
  /** Version of its collections; null before its host has said one. */
  namespaceVersion: z.number().int().nullable(),
  activatedAt: z.date().nullable(),
  desiredRevision: z.number().int(),
  appliedRevision: z.number().int(),
});
export type StaffTenantView = z.infer<typeof staffTenantView>;

export const staffTenantPage = z.object({
  items: z.array(staffTenantView),
  nextCursor: z.string().nullable(),
  total: z.number().int(),
});

export const staffTenantDetailView = staffTenantView.extend({
  orgId: z.string(),
  /** What the agent said when it could not do its part; null while nothing is wrong. */
  error: z.string().nullable(),
  steps: z.array(stepView),
  members: z.array(z.object({ userId: z.uuid(), email: z.string(), name: z.string(), role: memberRoleSchema })),
});
export type StaffTenantDetailView = z.infer<typeof staffTenantDetailView>;
