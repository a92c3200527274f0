/**
 * What every procedure stands on: who asks, and the narrow capabilities that verbs may use. The database is reached only
 * through `db`, which is scoped by the procedure's permission; `open` is for the permission builders alone.
 */
import type { ExchangeResponse, Peer, Plan } from "@kombify/agent-contract";
import type { Change, InstanceId, Scope, ScopedDatabase, TenantId, UserId } from "@kombify/db";
import type { Logger } from "@kombify/server";
import type { OidcProvider } from "./identity/oidc-providers.ts";
import type { StaffRole } from "./identity/schemas.ts";
import type { Keyring } from "./keyring.ts";
import type { Sealer } from "./seal.ts";

export type Audience = "cloud" | "admin";

/** A session that was found valid, with the memberships of its person. */
export interface Session {
  id: string;
  /** What the person and Stacks know the session by. */
  publicId: string;
  user: { id: UserId; email: string; name: string; staffRole: StaffRole | null };
  memberships: Membership[];
}
export interface Membership {
  id: TenantId;
  slug: string;
  name: string;
  role: "owner" | "admin" | "member" | "viewer";
  plan: Plan;
  orgId: string;
}

/** Where a session begins. */
export interface SessionOrigin {
  clientAddress: string;
  userAgent: string;
  /** The provider's own session, for somebody who came from one. */
  provider?: { issuer: string; sid: string | null; idToken: string };
}

/** Sessions of one portal. The token is what the cookie carries; only its hash is stored. */
export interface Sessions {
  /**
   * Null for an unknown, foreign, expired or ended session.
   * @param responseHeaders get a new cookie when the session was extended.
   */
  validate(token: string, responseHeaders?: Headers): Promise<Session | null>;
  /** Starts a session and returns the Set-Cookie value. */
  start(userId: UserId, origin: SessionOrigin): Promise<string>;
  /** Ends it here and in every process; returns the Set-Cookie value that clears the cookie. */
  end(session: Session): Promise<string>;
  tokenOf(cookieHeader: string | null): string | null;
}

/** Everything that changed in any process, as it is committed. */
export interface Changes {
  /**
   * Yields a change that passes the filter, or null after the connection to the database was away and anything may have
   * been missed. Ends with the signal.
   */
  stream(matches: (change: Change) => boolean, signal: AbortSignal): AsyncIterable<Change | null>;
  on(listener: (change: Change) => void): () => void;
}

/** Signs launch assertions. */
export interface AssertionSigner {
  sign(claims: Record<string, unknown>): Promise<string>;
}

/** Calls to the mTLS listener of an instance's agent. */
export interface AgentCalls {
  /** @throws ServiceError UPSTREAM when the agent cannot be reached, or what the agent refused. */
  exchange(instance: { id: InstanceId; internalUrl: string }, assertion: string): Promise<ExchangeResponse>;
  /** Passes a request on and its answer back. @throws ServiceError UPSTREAM when the agent cannot be reached. */
  forward(
    instance: { id: InstanceId; internalUrl: string },
    request: {
      method: "GET" | "POST" | "PATCH" | "DELETE";
      path: string;
      headers: Record<string, string>;
      body?: string;
    },
  ): Promise<Response>;
}

/** The certificate authority of this installation. */
export interface Authority {
  /** sha256 of the current CA certificate's DER, hex. */
  readonly fingerprint: string;
  /** Signs the CSR's key for an instance; subject and names of the CSR are ignored. @throws ServiceError INVALID */
  grantInstance(
    csr: string,
    instanceId: InstanceId,
  ): Promise<{ certificate: string; serial: string; notAfter: Date; caBundle: string[] }>;
}

/** Counts failures and attempts by address or account; see throttle.ts. */
export interface Throttle {
  /** @throws ServiceError LIMIT_REACHED with the seconds to wait. */
  consume(kind: "register" | "login" | "join" | "webhook", key: string): Promise<void>;
  reset(kind: "login", key: string): Promise<void>;
}

export interface Capabilities {
  sessions: Sessions;
  changes: Changes;
  signer: AssertionSigner;
  authority: Authority;
  agents: AgentCalls;
  throttle: Throttle;
  sealer: Sealer;
  /** The sealer's keys, for exchanging them. */
  keyring: Keyring;
  oidcProviders: readonly OidcProvider[];
  urls: { cloud: string; agentApi: string };
}

/** Facts about one request that come from the HTTP shell. */
export interface RequestInfo {
  requestId: string;
  log: Logger;
  clientAddress: string;
  /** What the client calls itself; at most 400 characters. */
  userAgent?: string;
  /** Verified mTLS peer and the serial number (hex) of its certificate, on the agent listener. */
  peer?: Peer | null;
  peerSerial?: string | null;
  /** Aborted when this process begins to stop. */
  stopping?: AbortSignal;
}

/** The context that a transport makes for each request. */
export interface BaseContext {
  request: RequestInfo;
  /** Selects one of the caller's tenants: `X-Tenant-ID`. */
  tenantSelector: string | null;
  idempotencyKey: string | null;
  sessionToken: string | null;
  /** Aborted when this process begins to stop; streams end with it. */
  signal: AbortSignal;
  /** Set-Cookie and the like; sent by whichever transport carries the answer. */
  responseHeaders: Headers;
  audience: Audience;
  can: Capabilities;
  /** For permissions.ts only: opens the database as somebody. */
  open(scope: Scope): ScopedDatabase;
}

export interface Actor {
  kind: "user" | "staff" | "agent" | "system";
  id: string | null;
  name: string;
}

/** What a verb works with. */
export interface VerbContext {
  db: ScopedDatabase;
  actor: Actor;
  request: RequestInfo;
  can: Capabilities;
}
export interface UserContext extends VerbContext {
  session: Session;
}
export interface TenantContext extends UserContext {
  tenant: Membership;
}
export interface AgentContext extends VerbContext {
  instanceId: InstanceId;
}
