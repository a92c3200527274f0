import type { MemberRole } from "@kombify/agent-contract";
import type { ShellEnv } from "@kombify/server";
import type { NamespaceStore } from "../engine/engine.ts";
import type { TenantRow } from "../engine/shared-store.ts";

/** Who asks, for which tenant, and the only way to that tenant's records. */
export type Caller = {
  tenant: TenantRow;
  store: NamespaceStore;
  /** The person's record in the namespace; null for somebody who never launched and whom a service vouches for. */
  userId: string | null;
  /** The person at the control plane, as assertions name them: the same on every host. */
  subject: string;
  email: string;
  name: string;
  role: MemberRole;
  /** A browser sends its cookie by itself, so only such callers need protection from other sites' forms. */
  via: "cookie" | "token" | "service";
};

export type CallerEnv = { Bindings: ShellEnv["Bindings"]; Variables: ShellEnv["Variables"] & { caller: Caller } };

/** Whether the caller may change anything. */
export const canWrite = (caller: Caller): boolean => caller.role !== "viewer";
