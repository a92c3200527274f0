/** What may be said about who belongs to a tenant, and who is asked to. Browser-safe. */
import { memberRoleSchema, planSchema } from "@kombify/agent-contract";
import { z } from "zod";
import { emailSchema } from "../identity/schemas.ts";

/** Owner is nobody by invitation or by a change of role: ownership is handed over. */
export const GIVEN_ROLES = ["admin", "member", "viewer"] as const;
export const givenRoleSchema = z.enum(GIVEN_ROLES, { error: "Choose admin, member or viewer." });
export type GivenRole = (typeof GIVEN_ROLES)[number];

const slug = z.string().min(1).max(40);
export const invitationTokenSchema = z.string({ error: "The link is not complete." }).min(1).max(100);

export const teamInput = z.strictObject({ slug });
export const memberInput = z.strictObject({ slug, userId: z.uuid() });
export const changeRoleInput = z.strictObject({ slug, userId: z.uuid(), role: givenRoleSchema });
export const transferInput = z.strictObject({
  slug,
  userId: z.uuid({ error: "Choose who will own it." }),
  /** The homelab's name, typed, so that this does not happen by a slip. */
  confirmName: z.string({ error: "Type the name of the homelab." }).trim().max(60),
});
export const inviteInput = z.strictObject({ slug, email: emailSchema, role: givenRoleSchema.default("member") });
export const invitationInput = z.strictObject({ slug, invitationId: z.uuid() });
export const tokenInput = z.strictObject({ token: invitationTokenSchema });

export const memberView = z.object({
  userId: z.uuid(),
  email: z.string(),
  name: z.string(),
  role: memberRoleSchema,
  since: z.date(),
});
export type MemberView = z.infer<typeof memberView>;

export const teamView = z.object({
  items: z.array(memberView),
  plan: planSchema,
  /** How many may belong to it; open invitations keep a place. */
  places: z.object({ members: z.number().int(), invited: z.number().int(), max: z.number().int() }),
  /** The smallest plan that has room for more people; null when there is none. */
  larger: z.object({ plan: planSchema, max: z.number().int() }).nullable(),
});
export type TeamView = z.infer<typeof teamView>;

export const invitationView = z.object({
  id: z.uuid(),
  email: z.string(),
  role: givenRoleSchema,
  invitedBy: z.string().nullable(),
  createdAt: z.date(),
  expiresAt: z.date(),
  isExpired: z.boolean(),
});
export type InvitationView = z.infer<typeof invitationView>;

/** What the link of an open invitation shows to whoever holds it. */
export const invitationPreview = z.object({
  email: z.string(),
  role: givenRoleSchema,
  tenantName: z.string(),
  invitedBy: z.string().nullable(),
  expiresAt: z.date(),
});
export type InvitationPreview = z.infer<typeof invitationPreview>;
