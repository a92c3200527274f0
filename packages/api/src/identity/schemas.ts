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
  /** Token of an invitation to this address: the person joins that homelab and gets none of their own. */
  invitation: z.string().min(1).max(100).optional(),
});

export const loginInput = z.strictObject({
  email: emailSchema,
  password: z
    .string({ error: "Enter your password." })
    .min(1, "Enter your password.")
    .max(200, "Use at most 200 characters."),
});

/** Six digits of an authenticator app, or a recovery code. */
const codeSchema = z.string({ error: "Enter the code." }).trim().min(1, "Enter the code.").max(40, "This is no code.");
export const codeInput = z.strictObject({ code: codeSchema });
export const beginSecondFactorInput = z.strictObject({ password: loginInput.shape.password });
export const profileInput = z.strictObject({ name: personNameSchema });
export const sessionInput = z.strictObject({ id: z.uuid("This is no id of a session.") });
export const changePasswordInput = z.strictObject({
  /** Left out by people who have no password yet. */
  current: z.string().max(200, "Use at most 200 characters.").optional(),
  next: newPasswordSchema,
});
export const requestResetInput = z.strictObject({ email: emailSchema });
export const resetPasswordInput = z.strictObject({ token: z.string().min(1).max(100), password: newPasswordSchema });

/** Instead of somebody who is signed in: the code of a second factor is still to come, until then. */
export const secondFactorAsked = z.object({ secondFactor: z.object({ expiresAt: z.date() }) });

export const sessionView = z.object({
  /** Names the session and opens nothing. */
  id: z.uuid(),
  /** "Firefox on Linux" */
  device: z.string(),
  clientAddress: z.string(),
  createdAt: z.date(),
  extendedAt: z.date(),
  expiresAt: z.date(),
  isThisOne: z.boolean(),
});
export type SessionView = z.infer<typeof sessionView>;

export const secondFactorView = z.object({
  isOn: z.boolean(),
  since: z.date().nullable(),
  recoveryCodesLeft: z.int(),
  /** A second factor needs a first: people who come from a provider alone have that provider's. */
  hasPassword: z.boolean(),
});
export type SecondFactorView = z.infer<typeof secondFactorView>;

/** What an authenticator app is given. */
export const enrolmentView = z.object({
  /** Base32 (RFC 4648). */
  secret: z.string(),
  uri: z.string(),
  qrSvg: z.string(),
});
export type EnrolmentView = z.infer<typeof enrolmentView>;

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
