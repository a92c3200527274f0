import type { StaffTenantView } from "@kombify/api/schemas";

/** What plans are called. */
export const PLAN_NAMES: Record<StaffTenantView["plan"], string> = { free: "Free", pro: "Pro", business: "Business" };
