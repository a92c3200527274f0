/**
 * What every procedure stands on: who asks, and the narrow capabilities that verbs may use. The database is reached only
 * through `db`, which is scoped by the procedure's permission; `open` is for the permission builders alone.
 */
import type {
  AppliedFlags,
  ExchangeResponse,
  FlagDocument,
  OlderFlags,
  Peer,
  Plan,
  ServiceName,
} from "@kombify/agent-contract";
import type { Change, InstanceId, Scope, ScopedDatabase, TenantId, Transaction, UserId } from "@kombify/db";
import type { Logger } from "@kombify/server";
import type { PlanLimitsReader } from "./billing/limits.ts";
import type { FlagDocuments } from "./flags/documents.ts";
import type { OidcClients } from "./identity/oidc.ts";
import type { OidcProvider } from "./identity/oidc-providers.ts";
import type { StaffRole } from "./identity/schemas.ts";
import type { Keyring } from "./keyring.ts";
import type { TokenScope } from "./permissions.ts";
import type { RequestLimit } from "./rate-limits/request-limit.ts";
import type { Sealer } from "./seal.ts";
import type { Throttle } from "./throttle.ts";

export type Audience = "cloud" | "admin";

/** Somebody who has proved who they are, by a session or in its place by a token; with their memberships. */
export interface Session {
  id: string;
  /** What the person and Stacks know the session or the token by. */
  publicId: string;
  user: { id: UserId; email: string; name: string; staffRole: StaffRole | null };
  /** Those that can be reached: all of the person's, unless `orgId` leaves one. */
  memberships: Membership[];
  /** What proved it: the cookie, a personal access token, a provider's access token, or the gateway. */
  via: "session" | "token" | "access-token" | "gateway";
  /** Null: everything that the person may do through a token. */
  scopes: readonly TokenScope[] | null;
  /** The organisation for which a provider's token is good; null when it is good for all of the person's tenants. */
  orgId: string | null;
}
export interface Membership {
  id: TenantId;
  slug: string;
  name: string;
  role: "owner" | "admin" | "member" | "viewer";
  plan: Plan;
  /** The organisation at an identity provider, and at which; null for a homelab that came from none. */
  orgId: string;
  orgIssuer: string | null;
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
  /**
   * Starts a session and returns the Set-Cookie value.
   * @param within the transaction that decides whether it begins at all.
   */
  start(userId: UserId, origin: SessionOrigin, within?: Transaction): Promise<string>;
  /**
   * Gives the session another token, so that whoever knew the one before knows nothing now; returns the Set-Cookie value.
   * @throws ServiceError FORBIDDEN (401) when the session has ended meanwhile.
   */
  rotate(tx: Transaction, session: Session): Promise<string>;
  /** Ends it here and in every process; returns the Set-Cookie value that clears the cookie. */
  end(session: Session): Promise<string>;
  /** Looks again at who somebody is and belongs to. Other processes hear of it by {@link Changes}; this one now. */
  forget(userId: UserId): void;
  tokenOf(cookieHeader: string | null): string | null;
}

/** Who stands behind a token, or behind what the gateway says of a token that it verified. */
export interface Principals {
  /**
   * @param token what followed `Bearer` in the header `Authorization`.
   * @throws ServiceError FORBIDDEN (401) for a token that is malformed, unknown, expired or revoked, with why; UPSTREAM
   * when the provider's keys cannot be had.
   */
  ofBearer(token: string): Promise<Session>;
  /**
   * @param said by the gateway, and by nobody else: the caller has checked its certificate.
   * @throws ServiceError FORBIDDEN (401)
   */
  ofGateway(said: { issuer: string; subject: string; orgId: string | null }): Promise<Session>;
}

/** The cookie that binds the second step of a sign-in to the browser that took the first. */
export interface ChallengeCookie {
  tokenOf(cookieHeader: string | null): string | null;
  /** Set-Cookie values. */
  create(token: string, expiresAt: Date): string;
  blank(): string;
}

/** Everything that changed in any process, as it is committed. */
export interface Changes {
  /** False while the connection is away over which changes are heard: what is remembered may be stale. */
  isListening(): boolean;
  /** Calls back when changes may have been missed: the connection was away and stands again. */
  onMissed(listener: () => void): void;
  /**
   * Yields a change that passes the filter, or null after the connection to the database was away and anything may have
   * been missed. Ends with the signal.
   * @param one asks the filter only about changes of this one thing.
   */
  stream(
    matches: (change: Change) => boolean,
    signal: AbortSignal,
    one?: Pick<Change, "noun" | "id">,
  ): AsyncIterable<Change | null>;
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
  /**
   * Hands a tenant's flags over and gives what the host has stored then. The older form names no tenant: that stands beside it.
   * @throws ServiceError UPSTREAM when the agent cannot be reached or did not take them, with its answer in words.
   */
  applyFlags(
    instance: { id: InstanceId; internalUrl: string },
    tenantId: TenantId,
    flags: FlagDocument | OlderFlags,
  ): Promise<AppliedFlags>;
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

/** A certificate of one of our own services with its key, as Node's TLS takes them (PEM). */
export interface ServiceTls {
  key: string;
  /** The certificate, then the CA that issued it, for agents that join. */
  cert: string;
  ca: string[];
  serial: string;
  notAfter: Date;
}

/** The certificate authority of this installation. */
export interface Authority {
  /** sha256 of the certificate's DER, hex, of the CA that issues now. */
  readonly fingerprint: string;
  /** Milliseconds that certificates of agents and of our own processes are good for. */
  readonly leafLifetimeMs: number;
  /** Milliseconds after which every living process has heard of a change. */
  readonly settleMs: number;
  /** Whether a CA of this fingerprint is trusted now; during a change of CA there are two. */
  trusts(fingerprint: string): Promise<boolean>;
  /**
   * Signs the CSR's key for an instance; subject and names of the CSR are ignored.
   * @param tx in which the certificate is written down: until it ends, no other CA begins to issue.
   * @throws ServiceError INVALID
   */
  grantInstance(
    csr: string,
    instanceId: InstanceId,
    tx?: Transaction,
  ): Promise<{ certificate: string; serial: string; notAfter: Date; caBundle: string[] }>;
  /** A fresh certificate for one of our own services, written down. @param lifetimeMs default {@link leafLifetimeMs} */
  issueService(name: ServiceName, options?: { lifetimeMs?: number; tx?: Transaction }): Promise<ServiceTls>;
}

export interface Capabilities {
  sessions: Sessions;
  principals: Principals;
  challengeCookie: ChallengeCookie;
  changes: Changes;
  signer: AssertionSigner;
  authority: Authority;
  agents: AgentCalls;
  throttle: Throttle;
  /** What plans allow now. */
  plans: PlanLimitsReader;
  /** What flags are, tenant by tenant. */
  flagDocuments: FlagDocuments;
  sealer: Sealer;
  /** The sealer's keys, for exchanging them. */
  keyring: Keyring;
  oidcProviders: readonly OidcProvider[];
  oidc: OidcClients;
  /** Mail goes to the mailbox of this developer's machine, and its page may show it. */
  hasMailbox: boolean;
  /** Files that this process reads the addresses of its database from, where it does. */
  databaseFiles: { web: string | undefined; worker: string | undefined };
  urls: { cloud: string; agentApi: string };
}

/** Facts about one request that come from the HTTP shell. */
export interface RequestInfo {
  requestId: string;
  log: Logger;
  clientAddress: string;
  /** The `Host` header. */
  host?: string;
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
  /** What follows `Bearer` in `Authorization`; empty when nothing does, null without such a header. */
  bearer: string | null;
  /** Whom the gateway says the request is from; null unless the connection is the gateway's own. */
  gatewayIdentity: { issuer: string; subject: string; orgId: string | null } | null;
  /** Of a sign-in that waits for its second factor. */
  challengeToken: string | null;
  /** Aborted when this process begins to stop; streams end with it. */
  signal: AbortSignal;
  /** Set-Cookie and the like; sent by whichever transport carries the answer. */
  responseHeaders: Headers;
  audience: Audience;
  can: Capabilities;
  /** Counts the request against its organisation's plan; absent where requests are not counted. */
  limit?: RequestLimit;
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
/** A signed-in person's own account, and what their browser holds of it. */
export interface AccountContext extends UserContext {
  audience: Audience;
  responseHeaders: Headers;
}
export interface TenantContext extends UserContext {
  tenant: Membership;
}
export interface AgentContext extends VerbContext {
  instanceId: InstanceId;
}
