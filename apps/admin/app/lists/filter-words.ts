/** What lists are filtered by. Written out here, so that pages do not load the validator for a few words. */
import type { Connection, FlagSummaryView, TenantFilter } from "@kombify/api/schemas";

type Complete<T, Words extends readonly T[]> = [T] extends [Words[number]] ? Words : never;
const everyOf =
  <T>() =>
  <const Words extends readonly T[]>(words: Complete<T, Words>): Words =>
    words;

export const CONNECTIONS = everyOf<Connection>()(["connected", "stale", "offline", "pending", "revoked"]);
export const TENANT_FILTERS = everyOf<TenantFilter>()([
  "active",
  "quarantined",
  "provisioning",
  "waiting_for_capacity",
  "suspended",
  "deleting",
]);
export const FLAG_STANDINGS = everyOf<FlagSummaryView["standing"]>()([
  "active",
  "killed",
  "disabled",
  "expired",
  "unused",
  "settled",
]);
export const FLAG_LIFETIMES = everyOf<FlagSummaryView["lifetime"]>()(["temporary", "permanent"]);
