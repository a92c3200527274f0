/**
 * The shared collections of a host: which tenants it has, whose organisation each belongs to, who is signed in, and the
 * last document of the control plane. They are the agent's only store.
 */
import type { DesiredState, DesiredTenant, MemberRole } from "@kombify/agent-contract";

/**
 * `quarantined`: its collections could not be brought to the agent's version; closed until they are.
 * See open-tenant.ts for when a tenant is served.
 */
export type TenantState = "creating" | "ready" | "suspended" | "failed" | "quarantined";

export type TenantRow = {
  id: string;
  slug: string;
  orgId: string;
  name: string;
  plan: DesiredTenant["plan"];
  state: TenantState;
  generation: number;
  /** Version of the namespace's collections; 0 while there are none. */
  namespaceVersion: number;
  error: string | null;
};

/** The last document and how current it is. */
export type Applied = {
  document: DesiredState | null;
  /** Revision of the last document that was applied whole; 0 before the first. */
  appliedRevision: number;
  /** When the control plane last answered. */
  contactedAt: Date | null;
};

/** `session`: a browser. `token`: an API client, for minutes. `ticket`: becomes a session once. */
export type SessionKind = "session" | "token" | "ticket";

/** Somebody's access to one tenant. The person's details are copies, renewed at each launch. */
export type SessionRow = {
  /** SHA-256 of the secret, hex. The secret itself is stored nowhere. */
  idHash: string;
  kind: SessionKind;
  tenantId: string;
  /** Of the tenant when the session began: a session of an older generation is dead. */
  generation: number;
  userId: string;
  email: string;
  name: string;
  role: MemberRole;
  /** The person, as the control plane's assertion named them. */
  subject: string;
  /** Session of the portal that was launched from; null when the control plane did not say. */
  sid: string | null;
  /** `iat` of the assertion: on the control plane's clock, as everything that ends sessions is. */
  issuedAt: Date;
  expiresAt: Date;
};

/** Whose sessions end: those that were launched up to `before`, of one session of the portal or of all (null). */
export type SessionEnd = { tenantId: string; subject: string; sid: string | null; before: Date };

/** What is kept of sessions: also that an assertion was used. */
export type StoredSession = SessionRow | { kind: "assertion"; idHash: string; expiresAt: Date };

/**
 * Feature flags as they are kept: texts of JSON, just as they were sent. Whoever reads them checks them (flags/load-flags.ts),
 * so that what was damaged is told from what was never there.
 */
export type StoredTenantFlags = {
  tenantId: string;
  /** The document without its flags; null before the first one. */
  current: string | null;
  /** The one before, in case the current one cannot be read any more. */
  previous: string | null;
  /** What older control planes sent. */
  older: string | null;
};

export type StoredFlags = {
  /** Flags by their digest: many tenants have the same ones. */
  contents: Map<string, string>;
  tenants: StoredTenantFlags[];
};

/** `unused`: digests that nobody refers to afterwards. */
export type FlagsChange = StoredFlags & { unused: string[] };

export type LiveSession = { session: SessionRow; tenant: TenantRow };
export type Person = Pick<SessionRow, "email" | "name" | "role">;

export interface SharedStore {
  loadApplied(): Promise<Applied>;
  saveDocument(document: DesiredState): Promise<void>;
  saveAppliedRevision(revision: number): Promise<void>;
  saveContact(at: Date): Promise<void>;

  listTenants(): Promise<TenantRow[]>;
  /** @param idOrSlug a tenant's id or its slug. */
  findTenant(idOrSlug: string): Promise<TenantRow | null>;
  /** The tenant that belongs to this organisation, whatever its state. */
  findTenantOfOrg(orgId: string, tenantId: string): Promise<TenantRow | null>;
  /** Stores what the control plane says of a tenant, with the state that it is in here. */
  saveTenant(tenant: DesiredTenant, state: TenantState): Promise<void>;
  setTenantState(id: string, state: TenantState, error: string | null): Promise<void>;

  createSessions(sessions: SessionRow[]): Promise<void>;
  /** Remembers an assertion until it expires. @returns false when it was used before, also at the same moment. */
  consumeAssertion(idHash: string, expiresAt: Date): Promise<boolean>;
  /**
   * Takes a ticket out, exactly once. Null for one that is unknown, used or expired, or of a tenant that is neither ready
   * nor quarantined.
   */
  redeemTicket(idHash: string): Promise<LiveSession | null>;
  /**
   * A session or token that is alive, of a tenant that is ready or quarantined at the same generation: who is signed in
   * to a tenant under repair is told so, and not that they are strangers.
   */
  findSession(idHash: string, kind: "session" | "token"): Promise<LiveSession | null>;
  endSession(idHash: string): Promise<void>;
  endSessionsOfTenant(tenantId: string): Promise<void>;
  /** Ends sessions, tokens and tickets alike. Whoever does not say which session they came from is meant by every `sid`. */
  endSessionsOf(end: SessionEnd): Promise<void>;
  updatePerson(tenantId: string, userId: string, person: Person): Promise<void>;
  removeExpiredSessions(): Promise<void>;
  /** Everything that is not expired, some hundred at a time, for carrying it to another engine. */
  listSessions(): AsyncIterable<StoredSession[]>;

  loadFlags(): Promise<StoredFlags>;
  /** Adds and replaces what it names, all or nothing: a crash leaves the old whole. */
  saveFlags(change: FlagsChange): Promise<void>;
  removeFlags(tenantId: string): Promise<void>;
}
