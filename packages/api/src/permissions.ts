/** Every permission that a procedure can ask for, and which roles hold it. */
import type { MemberRole } from "@kombify/agent-contract";
import type { StaffRole } from "./identity/schemas.ts";

const ALL_MEMBERS: readonly MemberRole[] = ["owner", "admin", "member", "viewer"];

/** What members may do inside their tenant. */
export const TENANT_PERMISSIONS = {
  "tenant:read": ALL_MEMBERS,
  "tenant:launch": ALL_MEMBERS,
  // Which of them may write there is the Stack's own rule: it is told the role.
  "stack:use": ALL_MEMBERS,
  "team:read": ALL_MEMBERS,
  // Whom each of them may manage follows from both roles: tenants/team.ts.
  "team:manage": ["owner", "admin"],
  // An owner is let through to be told what to do first.
  "team:leave": ALL_MEMBERS,
  "tenant:transfer": ["owner"],
} as const satisfies Record<string, readonly MemberRole[]>;

const EVERY_STAFF: readonly StaffRole[] = ["viewer", "operator", "owner"];
const OPERATORS: readonly StaffRole[] = ["operator", "owner"];

/** What staff may do in the Admin center. */
export const STAFF_PERMISSIONS = {
  "staff:self": EVERY_STAFF,
  "fleet:read": EVERY_STAFF,
  "instance:read": EVERY_STAFF,
  "instance:register": OPERATORS,
  "instance:cordon": OPERATORS,
  "instance:revoke": OPERATORS,
  "instance:remove": OPERATORS,
  "tenant:inspect": EVERY_STAFF,
  "audit:read": EVERY_STAFF,
} as const satisfies Record<string, readonly StaffRole[]>;

export type TenantPermission = keyof typeof TENANT_PERMISSIONS;
export type StaffPermission = keyof typeof STAFF_PERMISSIONS;

/** What the metadata of a procedure says about who may call it. */
export type Permission =
  | { kind: "public" }
  | { kind: "user" }
  | { kind: "tenant"; name: TenantPermission }
  | { kind: "staff"; name: StaffPermission }
  | { kind: "agent" };
