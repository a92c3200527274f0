/**
 * Who a request is from and which tenant it is about. On the public listener that is what a session or a token says, and
 * headers that claim an identity mean nothing. On the internal listener it is what a service of ours says, and only
 * over mTLS.
 */
import { type DesiredState, KOMBIFY_ISSUER, memberRoleSchema, ServiceError } from "@kombify/agent-contract";
import type { ShellEnv } from "@kombify/server";
import type { Context } from "hono";
import { z } from "zod";
import type { Engine } from "../engine/engine.ts";
import { assertOpen } from "../engine/open-tenant.ts";
import type { LiveSession, TenantRow } from "../engine/shared-store.ts";
import { hashSecret } from "../sso/secrets.ts";
import type { Sessions } from "../sso/sessions.ts";
import type { Caller } from "./caller.ts";

/** Told of a tenant that somebody wants to enter and that waits for its upgrade. */
type OnAwaited = (tenantId: string) => void;

export type Identify = (c: Context<ShellEnv>) => Promise<Caller | null>;

const unknownTenant = () => new ServiceError("NOT_FOUND", "There is no such tenant here.");

function callerOf(engine: Engine, { session, tenant }: LiveSession, via: Caller["via"]): Caller {
  const { userId, subject, email, name, role } = session;
  return { tenant, store: engine.namespace(tenant), userId, subject, email, name, role, via };
}

const TOKEN = /^[A-Za-z0-9._-]{43,2000}$/;

/** A token is sent as a bearer's, or the way that OFREP's clients also know: as `X-API-Key`. */
function tokenOf(c: Context): string | null {
  const token = /^Bearer (.+)$/i.exec(c.req.header("authorization") ?? "")?.[1] ?? c.req.header("x-api-key");
  return token !== undefined && TOKEN.test(token) ? token : null;
}

/** For the public listener. */
export function identifyPublic(engine: Engine, sessions: Sessions, onAwaited: OnAwaited): Identify {
  return async (c) => {
    const token = tokenOf(c);
    const live = token ? await engine.shared.findSession(hashSecret(token), "token") : await sessions.find(c);
    if (!live) return null;
    const asked = c.req.header("x-tenant-id");
    // Somebody else's tenant is as unknown as one that never was.
    if (asked !== undefined && asked !== live.tenant.id && asked !== live.tenant.slug) throw unknownTenant();
    assertOpen(live.tenant, engine, onAwaited);
    return callerOf(engine, live, token ? "token" : "cookie");
  };
}

const headersSchema = z.object({
  userId: z.string().min(1).max(200),
  issuer: z.string().min(1).max(500).default(KOMBIFY_ISSUER),
  /** What the service knows of the person's role in the tenant; it is newer than what the last launch left here. */
  role: memberRoleSchema.optional(),
  email: z.string().max(320).default(""),
  name: z.string().max(200).default(""),
});

async function openTenant(engine: Engine, idOrSlug: string | undefined, onAwaited: OnAwaited): Promise<TenantRow> {
  if (!idOrSlug)
    throw new ServiceError("INVALID", "X-Tenant-ID is missing: send the tenant's id or slug.", {
      fields: [{ path: "X-Tenant-ID", message: "Send the tenant's id or slug." }],
    });
  const tenant = await engine.shared.findTenant(idOrSlug);
  if (!tenant) throw unknownTenant();
  assertOpen(tenant, engine, onAwaited);
  return tenant;
}

/**
 * The person whom the gateway names: a member of the tenant by the document, which is newer than what the last launch
 * left here. The gateway knows issuers and subjects, and nothing of roles.
 */
function memberOf(document: DesiredState | null, tenantId: string, issuer: string, subject: string) {
  const members = document?.tenants.find((tenant) => tenant.tenantId === tenantId)?.members ?? [];
  const member = members.find(
    (one) =>
      (issuer === KOMBIFY_ISSUER && one.subject === subject) ||
      one.identities?.some((identity) => identity.issuer === issuer && identity.subject === subject),
  );
  if (!member) throw unknownTenant();
  return { issuer: KOMBIFY_ISSUER, subject: member.subject, role: member.role };
}

/**
 * For the internal listener: `X-User-ID` and `X-Tenant-ID`, and `X-User-Role`, `X-User-Issuer`, `X-User-Email`,
 * `X-User-Name` where the service knows them. Cloud vouches for the role; whom the gateway names is looked for among the
 * members of the document. Somebody who never launched has no record here.
 */
export function identifyService(engine: Engine, document: () => DesiredState | null, onAwaited: OnAwaited): Identify {
  return async (c) => {
    const peer = c.get("peer");
    if (peer?.kind !== "service" || (peer.name !== "cloud" && peer.name !== "gateway")) return null;
    const header = (name: string) => c.req.header(name);
    const claimed = headersSchema.safeParse({
      userId: header("x-user-id"),
      issuer: header("x-user-issuer"),
      role: header("x-user-role"),
      email: header("x-user-email"),
      name: header("x-user-name"),
    });
    if (!claimed.success) return null;
    const { email, name } = claimed.data;
    const tenant = await openTenant(engine, header("x-tenant-id"), onAwaited);
    const store = engine.namespace(tenant);
    const { issuer, subject, role } =
      peer.name === "gateway"
        ? memberOf(document(), tenant.id, claimed.data.issuer, claimed.data.userId)
        : { ...claimed.data, subject: claimed.data.userId };
    const person = await store.find("users", { issuer, subject });
    const effectiveRole = role ?? person?.role;
    // Not a member: to them the tenant does not exist.
    if (!effectiveRole) throw unknownTenant();
    return {
      tenant,
      store,
      userId: person?.id ?? null,
      subject,
      email: person?.email ?? email,
      name: person?.name ?? name,
      role: effectiveRole,
      via: "service",
    };
  };
}
