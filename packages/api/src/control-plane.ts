/** The control plane as one object: what a portal's server mounts, calls and closes. */
import { ServiceError } from "@kombify/agent-contract";
import { type Database, openDatabase } from "@kombify/db";
import type { Logger } from "@kombify/server";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { type OpenAuthority, openAuthority } from "./agents/authority.ts";
import { createAgentCalls } from "./agents/calls.ts";
import { openServiceIdentity, type ServiceIdentity } from "./agents/service-identity.ts";
import { openChanges } from "./changes.ts";
import type { Audience, BaseContext, Capabilities, RequestInfo, VerbContext } from "./context.ts";
import { bearerOf, gatewayIdentityOf } from "./credentials.ts";
import { createAccessTokens } from "./identity/access-tokens.ts";
import { openDenials } from "./identity/denials.ts";
import type { OidcProvider } from "./identity/oidc-providers.ts";
import { createPrincipals } from "./identity/principals.ts";
import { openProviderKeys } from "./identity/provider-keys.ts";
import { createSessions } from "./identity/sessions.ts";
import { openSigner } from "./identity/signing-keys.ts";
import { openapiDocument } from "./openapi.ts";
import { refuseForeignOrigin } from "./origin.ts";
import { handleRest } from "./rest.ts";
import { appRouter, type Caller, createCaller } from "./router.ts";
import { createSealer } from "./seal.ts";
import { isStackPath, passToStack } from "./stack-pass.ts";
import { createThrottle, type ThrottleLimits } from "./throttle.ts";
import { serviceErrorOf } from "./trpc.ts";

export interface ControlPlaneOptions {
  /** As the log-in role `kombify_web`. */
  databaseUrl: string;
  /** 32 bytes, base64: seals secrets at rest. */
  encryptionKey: string;
  audience: Audience;
  log: Logger;
  /** Addresses as browsers and agents use them, without a trailing slash. */
  cloudUrl: string;
  adminUrl: string;
  agentApiUrl: string;
  /** True wherever browsers come over HTTPS. */
  secureCookies: boolean;
  /** Milliseconds; default 24 h. */
  leafLifetimeMs?: number;
  limits?: ThrottleLimits;
  /** Identity providers whose people and access tokens are taken; none unless given. */
  oidcProviders?: readonly OidcProvider[];
}

export interface ControlPlane {
  /** Answers `/trpc/*`, `/openapi.json` and REST; null when the path is not the API's. @throws ServiceError */
  handle(request: Request, info: RequestInfo): Promise<Response | null>;
  /** The same for the agent listener. */
  handleAgent(request: Request, info: RequestInfo): Promise<Response | null>;
  /** For loaders and actions. Rejects with ServiceError. @throws ServiceError FORBIDDEN for a foreign page's write. */
  caller(request: Request, info: RequestInfo): { api: Caller; responseHeaders: Headers };
  /** A context in which the system itself acts: set-up, the command line. */
  asSystem(reason: string): VerbContext;
  checks: Record<string, () => Promise<string | undefined>>;
  db: Database;
  can: Capabilities;
  authority: OpenAuthority;
  identity: ServiceIdentity;
  /** Calls back with the id of each instance whose agent was cut off, in whichever process that happened. */
  onRevoked(listener: (instanceId: string) => void): void;
  close(): Promise<void>;
}

const API_PATH = /^\/(api|v1|trpc)(\/|$)/;

/** Server-side calls reject with tRPC's error; loaders want the one that says what to do. */
function unwrapErrors(caller: Caller): Caller {
  const wrap = (target: object): object =>
    new Proxy(target, {
      get: (inner, key) => wrap(Reflect.get(inner, key) as object),
      apply: (inner, self, input) =>
        Promise.resolve(Reflect.apply(inner as (...input: unknown[]) => unknown, self, input)).catch(
          (error: unknown): never => {
            throw serviceErrorOf(error) satisfies ServiceError;
          },
        ),
    });
  return wrap(caller) as Caller;
}

/** @throws when the database does not answer or a secret does not fit; nothing is left open then. */
export async function createControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const db = openDatabase({ url: options.databaseUrl });
  try {
    return await openControlPlane(options, db);
  } catch (error) {
    await db.close();
    throw error;
  }
}

async function openControlPlane(options: ControlPlaneOptions, db: Database): Promise<ControlPlane> {
  const { audience, log } = options;
  const sealer = createSealer(options.encryptionKey);
  const changes = await openChanges(db);
  const authority = await openAuthority(
    db,
    sealer,
    options.leafLifetimeMs === undefined ? {} : { leafLifetimeMs: options.leafLifetimeMs },
  );
  const identity = await openServiceIdentity(authority, audience, log);
  const agents = createAgentCalls(identity);
  const oidcProviders = options.oidcProviders ?? [];
  const can: Capabilities = {
    sessions: createSessions({ db, audience, sealer, secureCookies: options.secureCookies, onChange: changes.on }),
    principals: createPrincipals({
      db,
      changes,
      denials: await openDenials({ db, changes, log }),
      accessTokens: createAccessTokens(oidcProviders, (issuer) => openProviderKeys({ issuer, log })),
      log,
    }),
    changes,
    signer: await openSigner(db, sealer),
    authority,
    agents,
    throttle: createThrottle(options.limits),
    sealer,
    oidcProviders,
    urls: { cloud: options.cloudUrl, agentApi: options.agentApiUrl },
  };
  const ownOrigin = new URL(audience === "cloud" ? options.cloudUrl : options.adminUrl).origin;
  const never = new AbortController().signal;

  const contextOf = (request: Request, info: RequestInfo): BaseContext => ({
    request: info,
    tenantSelector: request.headers.get("x-tenant-id"),
    idempotencyKey: request.headers.get("idempotency-key"),
    sessionToken: can.sessions.tokenOf(request.headers.get("cookie")),
    bearer: bearerOf(request.headers),
    gatewayIdentity: gatewayIdentityOf(request.headers, info),
    signal: info.stopping ?? never,
    responseHeaders: new Headers(),
    audience,
    can,
    open: (scope) => db.as(scope),
  });

  const showsToken = (request: Request, info: RequestInfo) =>
    bearerOf(request.headers) !== null || gatewayIdentityOf(request.headers, info) !== null;
  /**
   * What a request shows instead of a cookie is not sent by a browser on its own. So a foreign page gains nothing by such
   * a request, as long as it has no cookie's rights and is given no cookie, which would sign a browser in.
   */
  const apiContextOf = (request: Request, info: RequestInfo): BaseContext => {
    if (!showsToken(request, info)) refuseForeignOrigin(request, ownOrigin);
    return contextOf(request, info);
  };

  const handleTrpc = (request: Request, ctx: BaseContext): Promise<Response> =>
    fetchRequestHandler({
      endpoint: "/trpc",
      req: request,
      router: appRouter,
      createContext: () => ctx,
      responseMeta: ({ errors }) => {
        const challenge = errors.map((error) => serviceErrorOf(error).challenge).find((one) => one !== undefined);
        if (challenge !== undefined) ctx.responseHeaders.set("WWW-Authenticate", challenge);
        return { headers: ctx.responseHeaders };
      },
    });

  return {
    async handle(request, info) {
      const { pathname } = new URL(request.url);
      if (pathname === "/openapi.json" && request.method === "GET")
        return Response.json(openapiDocument(audience, ownOrigin), {
          headers: { "Cache-Control": "public, max-age=300" },
        });
      if (audience === "cloud" && isStackPath(pathname)) return passToStack(request, apiContextOf(request, info));
      const answer = pathname.startsWith("/trpc/")
        ? await handleTrpc(request, apiContextOf(request, info))
        : await handleRest(request, audience, () => apiContextOf(request, info));
      if (showsToken(request, info)) answer?.headers.delete("set-cookie");
      // A program that asked for data must not get a page, not even one that says so nicely.
      if (!answer && API_PATH.test(pathname))
        throw new ServiceError("NOT_FOUND", `There is no ${pathname} here. /openapi.json lists what there is.`);
      return answer;
    },
    handleAgent: (request, info) => handleRest(request, "agent", () => contextOf(request, info)),
    caller(request, info) {
      refuseForeignOrigin(request, ownOrigin);
      const ctx = contextOf(request, info);
      return { api: unwrapErrors(createCaller(ctx)), responseHeaders: ctx.responseHeaders };
    },
    asSystem: (reason) => ({
      db: db.as({ kind: "system" }),
      actor: { kind: "system", id: null, name: "kombify" },
      request: { requestId: reason, log, clientAddress: "" },
      can,
    }),
    checks: {
      database: async () => {
        await db.ping();
        return undefined;
      },
    },
    db,
    can,
    authority,
    identity,
    onRevoked: (listener) => {
      changes.on((change) => {
        if (change.noun === "instances" && change.revoked) listener(change.id);
      });
    },
    async close() {
      identity.stop();
      await changes.stop();
      await agents.close();
      await db.close();
    },
  };
}
