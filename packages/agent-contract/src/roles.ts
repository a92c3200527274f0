/** What members may be in a tenant; the first may everything. */
import { z } from "zod";

export const MEMBER_ROLES = ["owner", "admin", "member", "viewer"] as const;
export const memberRoleSchema = z.enum(MEMBER_ROLES);
export type MemberRole = z.infer<typeof memberRoleSchema>;
