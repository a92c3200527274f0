/**
 * The exchange: the control plane vouches for a person, the Stack answers with a ticket for their browser. No token is
 * ever part of a URL.
 */
import {
  type AssertionClaims,
  type DesiredState,
  type ExchangeResponse,
  ServiceError,
  TICKET_TTL_SECONDS,
} from "@kombify/agent-contract";
import type { Engine } from "../engine/engine.ts";
import { assertOpen } from "../engine/open-tenant.ts";
import type { SessionKind, SessionRow, TenantRow } from "../engine/shared-store.ts";
import { CLOCK_TOLERANCE_SECONDS, verifyAssertion } from "./assertion.ts";
import { findOrCreatePerson } from "./people.ts";
import { createSecret, hashSecret } from "./secrets.ts";
import { type Endable, isEnded } from "./session-endings.ts";

/** For the control plane's own calls on behalf of the person. */
const TOKEN_TTL_SECONDS = 300;

type Parts = {
  engine: Engine;
  document: DesiredState | null;
  publicUrl: string;
  /** Told of a tenant that somebody wants to enter and that waits for its upgrade. */
  onAwaited: (tenantId: string) => void;
};

const endableOf = ({ tenantId, sub, sid, iat }: AssertionClaims): Endable => ({
  tenantId,
  subject: sub,
  sid: sid ?? null,
  issuedAt: new Date(iat * 1000),
});

async function openTenant({ engine, onAwaited }: Parts, claims: AssertionClaims): Promise<TenantRow> {
  const tenant = await engine.shared.findTenantOfOrg(claims.orgId, claims.tenantId);
  if (!tenant) throw new ServiceError("NOT_FOUND", "This homelab is not on this Stack.");
  assertOpen(tenant, engine, onAwaited);
  if (tenant.generation !== claims.generation)
    throw new ServiceError("PRECONDITION", "This homelab is being moved. Try again in a moment.");
  return tenant;
}

/**
 * Exchanges an assertion, once, for an engine token and a ticket.
 * @throws ServiceError FORBIDDEN for an assertion that is wrong, expired or used; NOT_FOUND or PRECONDITION when the
 * tenant is not open here.
 */
export async function exchangeAssertion(parts: Parts, assertion: string): Promise<ExchangeResponse> {
  const { engine, document, publicUrl } = parts;
  if (!document) throw new ServiceError("PRECONDITION", "This Stack has not heard from its control plane yet.");
  const claims = await verifyAssertion(assertion, document);
  const usableUntil = new Date((claims.exp + CLOCK_TOLERANCE_SECONDS) * 1000);
  if (isEnded(document, endableOf(claims)))
    throw new ServiceError("FORBIDDEN", "The launch assertion is not accepted: its person signed out. Launch again.");
  if (!(await engine.shared.consumeAssertion(hashSecret(claims.jti), usableUntil)))
    throw new ServiceError("FORBIDDEN", "The launch assertion is not accepted: it was used before. Launch again.");
  const tenant = await openTenant(parts, claims);
  const { id: userId, email, name, role } = await findOrCreatePerson(engine.namespace(tenant), claims);
  await engine.shared.updatePerson(tenant.id, userId, { email, name, role });

  const expiresIn = (seconds: number) => new Date(Date.now() + seconds * 1000);
  const session = (kind: SessionKind, idHash: string, expiresAt: Date): SessionRow => {
    return { idHash, kind, generation: tenant.generation, userId, email, name, role, ...endableOf(claims), expiresAt };
  };
  const token = await engine.issueToken(tenant, userId, TOKEN_TTL_SECONDS);
  const ticket = createSecret();
  const expiresAt = expiresIn(TOKEN_TTL_SECONDS);
  await engine.shared.createSessions([
    session("token", hashSecret(token), expiresAt),
    session("ticket", ticket.hash, expiresIn(TICKET_TTL_SECONDS)),
  ]);
  return {
    token,
    expiresAt: expiresAt.toISOString(),
    user: { id: userId, email, name, role },
    tenant: { id: tenant.id, slug: tenant.slug, name: tenant.name },
    redirectUrl: `${publicUrl}/sso/callback`,
    ticket: ticket.secret,
  };
}
