/**
 * The permission builders. Who may call is declared here, on the procedure; the tenant is resolved on the server, and
 * what a handler gets is a database that is already scoped. A foreign tenant's thing is not found, never forbidden.
 */
import { type MemberRole, ServiceError, type ServiceName } from "@kombify/agent-contract";
import type { InstanceId, Scope } from "@kombify/db";
import type { Actor, BaseContext, Membership, Session } from "./context.ts";
import {
  STAFF_PERMISSIONS,
  type StaffPermission,
  TENANT_PERMISSIONS,
  type TenantPermission,
  type TokenScope,
  tokenScopeOf,
} from "./permissions.ts";
import { bareProcedure } from "./trpc.ts";

const verbContext = (ctx: BaseContext, scope: Scope, actor: Actor) => ({
  db: ctx.open(scope),
  actor,
  open: undefined as never,
});

/** Anybody. Its database sees people and sessions, and no tenant. */
export const publicProcedure = bareProcedure
  .meta({ permission: { kind: "public" } })
  .use(({ ctx, next }) =>
    next({ ctx: verbContext(ctx, { kind: "identity" }, { kind: "user", id: null, name: "somebody" }) }),
  );

/** Anybody, for the verbs that make something out of nothing (sign up, join): they act as the system. */
export const foundingProcedure = bareProcedure
  .meta({ permission: { kind: "public" } })
  .use(({ ctx, next }) =>
    next({ ctx: verbContext(ctx, { kind: "system" }, { kind: "system", id: null, name: "kombify" }) }),
  );

/** Who is signed in by cookie. A bearer token counts alone, so beside one there is no session. */
async function requireSession(ctx: BaseContext): Promise<Session> {
  const isCookie = ctx.bearer === null && ctx.gatewayIdentity === null;
  const session =
    isCookie && ctx.sessionToken ? await ctx.can.sessions.validate(ctx.sessionToken, ctx.responseHeaders) : null;
  if (!session)
    throw new ServiceError("FORBIDDEN", "Sign in first: there is no valid session.", {
      status: 401,
      challenge: 'Bearer realm="kombify"',
    });
  return session;
}

function principalShown({ bearer, gatewayIdentity, can }: BaseContext): Promise<Session> | null {
  if (bearer !== null) return can.principals.ofBearer(bearer);
  return gatewayIdentity === null ? null : can.principals.ofGateway(gatewayIdentity);
}

/** Who asks now. */
const identify = (ctx: BaseContext): Promise<Session> =>
  (ctx.audience === "cloud" ? principalShown(ctx) : null) ?? requireSession(ctx);

/**
 * Who asks: by a bearer token, by what the gateway says, or by a session. The first of them that is there counts alone, so
 * that a bad token is never made good by a cookie.
 * @param scope what a token needs; undefined where no token is taken.
 */
async function requirePrincipal(ctx: BaseContext, scope: TokenScope | undefined, input?: unknown): Promise<Session> {
  const principal = await identify(ctx);
  await ctx.limit?.(principal, selectorsOf(ctx, input)[0]);
  if (principal.via === "session") return principal;
  if (scope === undefined)
    throw new ServiceError("FORBIDDEN", "No token may do this. Sign in to the portal and do it there.");
  if (principal.scopes !== null && !principal.scopes.includes(scope))
    throw new ServiceError("FORBIDDEN", `This token lacks the scope ${scope}. Make one that has it.`, {
      challenge: `Bearer error="insufficient_scope", scope="${scope}"`,
    });
  return principal;
}

const userActor = (session: Session): Actor => ({ kind: "user", id: session.user.id, name: session.user.name });

/**
 * A signed-in person. Its database sees that person's memberships. Tokens are taken where the metadata declares a
 * `tokenScope`, and nowhere else.
 */
export const userProcedure = bareProcedure.meta({ permission: { kind: "user" } }).use(async ({ ctx, next, meta }) => {
  const session = await requirePrincipal(ctx, tokenScopeOf(meta));
  const scope: Scope = { kind: "identity", userId: session.user.id };
  return next({ ctx: { ...verbContext(ctx, scope, userActor(session)), session } });
});

/** A signed-in person who makes a tenant: acts as the system in that person's name. No token may. */
export const foundingUserProcedure = bareProcedure.meta({ permission: { kind: "user" } }).use(async ({ ctx, next }) => {
  const session = await requirePrincipal(ctx, undefined);
  return next({ ctx: { ...verbContext(ctx, { kind: "system" }, userActor(session)), session } });
});

/** What names the tenant: the input (`slug`, `tenantId`) and `X-Tenant-ID`. */
function selectorsOf(ctx: BaseContext, input: unknown): string[] {
  const named = typeof input === "object" && input !== null ? (input as { slug?: unknown; tenantId?: unknown }) : {};
  return [named.slug, named.tenantId, ctx.tenantSelector].filter((value) => typeof value === "string");
}

/**
 * The tenant that is named, if the person belongs to it. Everything that names one must name the same one: a foreign name
 * is not found, whatever stands beside it.
 */
function resolveTenant(ctx: BaseContext, session: Session, input: unknown): Membership {
  const selectors = selectorsOf(ctx, input);
  if (selectors.length === 0) {
    const [only, ...others] = session.memberships;
    if (only && others.length === 0) return only;
    throw new ServiceError(
      only ? "INVALID" : "NOT_FOUND",
      only ? "You have several homelabs: name one with X-Tenant-ID." : "You have no homelab yet.",
    );
  }
  const [found, ...others] = selectors.map((selector) =>
    session.memberships.find(({ slug, id }) => slug === selector || id === selector),
  );
  if (!found || others.includes(undefined))
    throw new ServiceError("NOT_FOUND", "There is no such homelab among yours.");
  if (others.some((other) => other !== found))
    throw new ServiceError("INVALID", "X-Tenant-ID names another homelab than the request itself.");
  return found;
}

/** A member of the tenant whose role holds the permission. Its database sees that tenant and nothing else. */
export const tenantProcedure = (name: TenantPermission) =>
  bareProcedure.meta({ permission: { kind: "tenant", name } }).use(async ({ ctx, next, getRawInput, meta }) => {
    const input = await getRawInput();
    const authorise = (session: Session) => {
      const tenant = resolveTenant(ctx, session, input);
      const holders: readonly MemberRole[] = TENANT_PERMISSIONS[name];
      if (!holders.includes(tenant.role))
        throw new ServiceError("FORBIDDEN", `Your role in this homelab (${tenant.role}) does not allow this.`);
      return tenant;
    };
    const session = await requirePrincipal(ctx, tokenScopeOf(meta), input);
    const tenant = authorise(session);
    const reauthorise = async () => void authorise(await identify(ctx));
    const scope: Scope = { kind: "tenant", tenantId: tenant.id, userId: session.user.id };
    return next({ ctx: { ...verbContext(ctx, scope, userActor(session)), session, tenant, reauthorise } });
  });

/** Staff whose role holds the permission, signed in to the Admin center. */
export const staffProcedure = (name: StaffPermission) =>
  bareProcedure.meta({ permission: { kind: "staff", name } }).use(async ({ ctx, next }) => {
    if (ctx.audience !== "admin") throw new ServiceError("NOT_FOUND", "There is no such procedure here.");
    const authorise = async () => {
      const session = await requireSession(ctx);
      const { staffRole } = session.user;
      if (!staffRole) throw new ServiceError("FORBIDDEN", "Sign in first: there is no valid session.", { status: 401 });
      if (!STAFF_PERMISSIONS[name].includes(staffRole))
        throw new ServiceError(
          "FORBIDDEN",
          `Your role (${staffRole}) does not allow this. Ask an operator or an owner.`,
        );
      return session;
    };
    const session = await authorise();
    const reauthorise = async () => void (await authorise());
    const actor: Actor = { kind: "staff", id: session.user.id, name: session.user.name };
    return next({
      ctx: { ...verbContext(ctx, { kind: "staff", userId: session.user.id }, actor), session, reauthorise },
    });
  });

/** An agent, known by its client certificate. Its database sees its own instance and the tenants placed there. */
export const agentProcedure = () =>
  bareProcedure.meta({ permission: { kind: "agent" } }).use(async ({ ctx, next }) => {
    const { peer, peerSerial } = ctx.request;
    if (peer?.kind !== "instance" || !peerSerial)
      throw new ServiceError(
        "FORBIDDEN",
        "Only an agent with a client certificate of this control plane may call this.",
        {
          status: 401,
        },
      );
    const instanceId: InstanceId = peer.instanceId;
    const base = verbContext(ctx, { kind: "agent", instanceId }, { kind: "agent", id: instanceId, name: "agent" });
    const [certificate] = await base.db.read<{ name: string }>(
      (sql) => sql`
        select i.name from agent_certificates c join instances i on i.id = c.instance_id
        where c.serial = ${peerSerial.toLowerCase()} and c.revoked_at is null and c.not_after > now()`,
    );
    if (!certificate)
      throw new ServiceError("FORBIDDEN", "This certificate was revoked or is unknown. Join again with a new token.", {
        status: 401,
      });
    return next({ ctx: { ...base, actor: { ...base.actor, name: certificate.name }, instanceId } });
  });

/** Services that may act for the system: the gateway passes on what others ask, and so is none of them. */
const ACTING_SERVICES: readonly ServiceName[] = ["cloud", "admin"];

/** One of our own services, known by its client certificate. It acts as the system. */
export const serviceProcedure = () =>
  bareProcedure.meta({ permission: { kind: "service" } }).use(async ({ ctx, next }) => {
    const { peer, peerSerial } = ctx.request;
    if (peer?.kind !== "service" || !peerSerial || !ACTING_SERVICES.includes(peer.name))
      throw new ServiceError("FORBIDDEN", "Only kombify's own services may call this, with their certificate.", {
        status: 401,
      });
    const actor: Actor = { kind: "system", id: null, name: `service ${peer.name}` };
    const base = verbContext(ctx, { kind: "system" }, actor);
    const [certificate] = await base.db.read(
      (sql) => sql`
        select serial from service_certificates
        where serial = ${peerSerial.toLowerCase()} and service = ${peer.name} and revoked_at is null and not_after > now()`,
    );
    if (!certificate)
      throw new ServiceError("FORBIDDEN", "This service's certificate was revoked or is unknown. It needs a new one.", {
        status: 401,
      });
    return next({ ctx: base });
  });
