/** What may be said about people and their sessions. Browser-safe: forms use the same schemas. */
import { memberRoleSchema } from "@kombify/agent-contract";
import { z } from "zod";

/** Passwords are 10 to 200 characters of anything; length beats composition rules (NIST SP 800-63B, 3.1.1.2). */
export const MIN_PASSWORD_LENGTH = 10;

export const emailSchema = z
  .string({ error: "Enter your e-mail address." })
  .trim()
  .toLowerCase()
  .max(254, "An e-mail address has at most 254 characters.")
  .pipe(z.email("Enter an e-mail address such as name@example.com."));

export const newPasswordSchema = z
  .string({ error: "Choose a password." })
  .min(MIN_PASSWORD_LENGTH, `Use at least ${MIN_PASSWORD_LENGTH} characters; a few words are easy to remember.`)
  .max(200, "Use at most 200 characters.");

export const personNameSchema = z.string().trim().min(1, "Enter your name.").max(100, "Use at most 100 characters.");
export const homelabNameSchema = z
  .string({ error: "Give your homelab a name." })
  .trim()
  .min(2, "Use at least 2 characters.")
  .max(60, "Use at most 60 characters.");

export const registerInput = z.strictObject({
  email: emailSchema,
  password: newPasswordSchema,
  name: personNameSchema.optional(),
  tenantName: homelabNameSchema.optional(),
});

export const loginInput = z.strictObject({
  email: emailSchema,
  password: z
    .string({ error: "Enter your password." })
    .min(1, "Enter your password.")
    .max(200, "Use at most 200 characters."),
});

export const userView = z.object({ id: z.uuid(), email: z.string(), name: z.string() });
export type UserView = z.infer<typeof userView>;

export const providerView = z.object({ id: z.string(), name: z.string() });
export type ProviderView = z.infer<typeof providerView>;
/** How a person comes in beside a password, and what could be added. */
export const connectionsView = z.object({
  hasPassword: z.boolean(),
  items: z.array(z.object({ issuer: z.string(), name: z.string(), connectedAt: z.date(), lastUsedAt: z.date() })),
  available: z.array(providerView),
});
export type ConnectionsView = z.infer<typeof connectionsView>;
export const connectInput = z.strictObject({ provider: z.string().min(1).max(40) });
export const disconnectInput = z.strictObject({ issuer: z.string().min(1).max(500) });

/** Why somebody could not come in through a provider. Each is a word of an address, and a sentence of the log-in page. */
export const SIGN_IN_REFUSALS = [
  "cancelled",
  "provider-away",
  "provider-refused",
  "misconfigured",
  "not-trusted",
  "expired",
  "address-taken",
  "no-role",
  "members-full",
  "organisation-taken",
  "linked-elsewhere",
  "already-connected",
  "signed-out",
  "unknown-provider",
  "too-often",
  "failed",
] as const;
export type SignInRefusalReason = (typeof SIGN_IN_REFUSALS)[number];

export const STAFF_ROLES = ["viewer", "operator", "owner"] as const;
export const staffRoleSchema = z.enum(STAFF_ROLES);
export type StaffRole = z.infer<typeof staffRoleSchema>;
export const staffView = z.object({ id: z.uuid(), email: z.string(), name: z.string(), role: staffRoleSchema });
export type StaffView = z.infer<typeof staffView>;

export const membershipView = z.object({
  id: z.uuid(),
  slug: z.string(),
  name: z.string(),
  role: memberRoleSchema,
  status: z.enum(["provisioning", "active", "waiting_for_capacity", "suspended", "deleting"]),
});
export const meView = z.object({ user: userView, tenants: z.array(membershipView) });
export type MeView = z.infer<typeof meView>;
