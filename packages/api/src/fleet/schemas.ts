/** What may be said about the fleet as a whole. Browser-safe. */
import { z } from "zod";

export const fleetOverview = z.object({
  instances: z.object({
    total: z.number().int(),
    connected: z.number().int(),
    stale: z.number().int(),
    offline: z.number().int(),
    pending: z.number().int(),
    cordoned: z.number().int(),
  }),
  places: z.object({ capacity: z.number().int(), used: z.number().int(), free: z.number().int() }),
  tenants: z.object({
    total: z.number().int(),
    active: z.number().int(),
    provisioning: z.number().int(),
    waiting: z.number().int(),
    suspended: z.number().int(),
    failed: z.number().int(),
    quarantined: z.number().int(),
  }),
  problems: z.array(
    z.object({
      /** `notice`: nobody suffers from it. */
      severity: z.enum(["critical", "warning", "notice"]),
      title: z.string(),
      detail: z.string(),
      href: z.string(),
    }),
  ),
  /** The last 14 days, oldest first; `day` is YYYY-MM-DD in UTC. */
  signups: z.array(z.object({ day: z.string(), count: z.number().int() })),
  certificates: z.array(z.object({ instanceId: z.uuid(), instanceName: z.string(), notAfter: z.date() })),
  queue: z.object({ ready: z.number().int(), running: z.number().int(), failed: z.number().int() }),
});
export type FleetOverview = z.infer<typeof fleetOverview>;

/** What changed; id `*` when it may be anything. */
export const fleetChange = z.object({
  noun: z.enum(["instances", "tenants", "rotations", "webhooks", "flag-changes"]),
  id: z.string(),
});
