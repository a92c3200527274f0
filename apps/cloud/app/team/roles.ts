/** What people read of roles: the same words on every page. */
import type { GivenRole, MemberView } from "@kombify/api/schemas";

export const ROLE_NAMES: Record<MemberView["role"], string> = {
  owner: "Owner",
  admin: "Admin",
  member: "Member",
  viewer: "Viewer",
};

/** Who has the role can ... */
export const ROLE_CAN: Record<GivenRole, string> = {
  admin: "change things and look after the team",
  member: "change things",
  viewer: "look at everything and change nothing",
};

/** The roles that somebody may give, the most usual first. Only the owner makes admins. */
export const rolesGivenBy = (mine: MemberView["role"]): GivenRole[] =>
  mine === "owner" ? ["member", "viewer", "admin"] : ["member", "viewer"];

/** Whether the page offers to change or remove somebody; the server decides. */
export const isManagedBy = (mine: MemberView["role"], theirs: MemberView["role"]): boolean =>
  mine === "owner" ? theirs !== "owner" : mine === "admin" && (theirs === "member" || theirs === "viewer");
