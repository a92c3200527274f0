/** Every permission that a procedure can ask for, and which roles hold it. */
import type { MemberRole } from "@kombify/agent-contract";
import type { StaffRole } from "./identity/schemas.ts";

const ALL_MEMBERS: readonly MemberRole[] = ["owner", "admin", "member", "viewer"];

/** What members may do inside their tenant. */
export const TENANT_PERMISSIONS = {
  "tenant:read": ALL_MEMBERS,
  "tenant:launch": ALL_MEMBERS,
  // Which of them may write there is the Stack's own rule: it is told the role.
  "stack:read": ALL_MEMBERS,
  "stack:write": ALL_MEMBERS,
  "team:read": ALL_MEMBERS,
  // Whom each of them may manage follows from both roles: tenants/team.ts.
  "team:manage": ["owner", "admin"],
  // An owner is let through to be told what to do first.
  "team:leave": ALL_MEMBERS,
  "tenant:transfer": ["owner"],
  "flag:evaluate": ALL_MEMBERS,
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
  "rotation:read": EVERY_STAFF,
  "rotation:manage": OPERATORS,
  "webhook:read": EVERY_STAFF,
  "webhook:replay": OPERATORS,
  "certificate:read": EVERY_STAFF,
  "certificate:revoke": OPERATORS,
  "flag:read": EVERY_STAFF,
  "flag:write": OPERATORS,
  // Of changes that somebody else made.
  "flag:approve": OPERATORS,
} as const satisfies Record<string, readonly StaffRole[]>;

export type TenantPermission = keyof typeof TENANT_PERMISSIONS;
export type StaffPermission = keyof typeof STAFF_PERMISSIONS;

/** What a personal access token can be made for. */
export const TOKEN_SCOPES = ["portal:read", "homelab:launch", "stack:read", "stack:write"] as const;
export type TokenScope = (typeof TOKEN_SCOPES)[number];

/** What a token needs for a tenant permission. One that is not here is for sessions alone. */
const TENANT_PERMISSION_SCOPES: Partial<Record<TenantPermission, TokenScope>> = {
  "tenant:read": "portal:read",
  "tenant:launch": "homelab:launch",
  "flag:evaluate": "portal:read",
  "stack:read": "stack:read",
  "stack:write": "stack:write",
};

/** The scope with which a token may call a procedure; undefined where only a session may. */
export function tokenScopeOf(meta: { permission?: Permission; tokenScope?: TokenScope } = {}): TokenScope | undefined {
  const { permission } = meta;
  if (permission?.kind === "tenant") return TENANT_PERMISSION_SCOPES[permission.name];
  return permission?.kind === "user" ? meta.tokenScope : undefined;
}

/** What the metadata of a procedure says about who may call it. */
export type Permission =
  | { kind: "public" }
  | { kind: "user" }
  | { kind: "tenant"; name: TenantPermission }
  | { kind: "staff"; name: StaffPermission }
  | { kind: "agent" }
  /** Of our own, the gateway left out. */
  | { kind: "service" };
