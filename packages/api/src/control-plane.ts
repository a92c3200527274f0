/** The control plane as one object: what a portal's server mounts, calls and closes. */
import { ServiceError } from "@kombify/agent-contract";
import { type Database, followAddress, openDatabase, readAddress } from "@kombify/db";
import { createCounter, type Logger, type MetricsRegistry, withHeaders } from "@kombify/server";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { type OpenAuthority, openAuthority } from "./agents/authority.ts";
import { createAgentCalls } from "./agents/calls.ts";
import { followAuthority } from "./agents/follow-authority.ts";
import { noIdentity, openServiceIdentity, type ServiceIdentity } from "./agents/service-identity.ts";
import { createPlanLimits } from "./billing/limits.ts";
import { openChanges } from "./changes.ts";
import type { Audience, BaseContext, Capabilities, RequestInfo, VerbContext } from "./context.ts";
import { bearerOf, gatewayIdentityOf } from "./credentials.ts";
import { openFlagDocuments } from "./flags/documents.ts";
import { createAccessTokens } from "./identity/access-tokens.ts";
import { createChallengeCookie } from "./identity/challenge-cookie.ts";
import { openDenials } from "./identity/denials.ts";
import { createOidcClients } from "./identity/oidc.ts";
import type { OidcProvider } from "./identity/oidc-providers.ts";
import { createPrincipals } from "./identity/principals.ts";
import { openProviderKeys } from "./identity/provider-keys.ts";
import { createSessions } from "./identity/sessions.ts";
import { openSigner } from "./identity/signing-keys.ts";
import { openKeyring } from "./keyring.ts";
import { isLoopback } from "./mail/loopback.ts";
import { openapiDocument } from "./openapi.ts";
import { refuseForeignOrigin } from "./origin.ts";
import { openRateLimits } from "./rate-limits/open.ts";
import { handleRest } from "./rest.ts";
import { appRouter, type Caller, createCaller } from "./router.ts";
import { isStackPath, passToStack } from "./stack-pass.ts";
import { handleOidc } from "./tenants/oidc-routes.ts";
import { createThrottle, type ThrottleLimits } from "./throttle.ts";
import { serviceErrorOf } from "./trpc.ts";
import { receiveZitadelEvent, ZITADEL_WEBHOOK_PATH } from "./webhooks/receive.ts";

export interface ControlPlaneOptions {
  /** As the log-in role of web processes. */
  databaseUrl?: string | undefined;
  /** Holds that address, in place of `databaseUrl`, and is followed: passwords are exchanged while processes run. */
  databaseUrlFile?: string | undefined;
  /** The same for the queue, for the process that exchanges passwords. */
  workerDatabaseUrlFile?: string | undefined;
  /** 32 bytes, base64: seals secrets at rest. */
  encryptionKey: string;
  /** The one before, while it is being exchanged. */
  previousEncryptionKey?: string | undefined;
  audience: Audience;
  log: Logger;
  /** Addresses as browsers and agents use them, without a trailing slash. */
  cloudUrl: string;
  adminUrl: string;
  agentApiUrl: string;
  /** True wherever browsers come over HTTPS. */
  secureCookies: boolean;
  /** Of certificates, milliseconds; default 24 h. */
  leafLifetimeMs?: number;
  /** How often the CA is looked at although nothing was heard of a change, milliseconds; default 10 s. */
  authorityReloadMs?: number;
  /** Serves nobody, and so has no certificate of its own: the command line and the set-up. */
  isOperator?: boolean;
  limits?: Partial<ThrottleLimits>;
  /** Where all processes count together; without it, each counts for itself. */
  redisUrl?: string | undefined;
  /** Whether the API limits requests by plan; it does, unless said otherwise. */
  countsRequests?: boolean;
  /** Identity providers whose people and access tokens are taken; none unless given. */
  oidcProviders?: readonly OidcProvider[];
  /** Mail goes to the mailbox of this developer's machine. Believed only where `cloudUrl` is on this machine. */
  hasMailbox?: boolean;
}

export interface ControlPlane {
  /** Answers `/trpc/*`, `/openapi.json` and REST; null when the path is not the API's. @throws ServiceError */
  handle(request: Request, info: RequestInfo): Promise<Response | null>;
  /** The same for the agent listener. */
  handleAgent(request: Request, info: RequestInfo): Promise<Response | null>;
  /** The same for our own services, on the same listener. */
  handleService(request: Request, info: RequestInfo): Promise<Response | null>;
  /** For loaders and actions. Rejects with ServiceError. @throws ServiceError FORBIDDEN for a foreign page's write. */
  caller(request: Request, info: RequestInfo): { api: Caller; responseHeaders: Headers };
  /** A context in which the system itself acts: set-up, the command line. */
  asSystem(reason: string): VerbContext;
  checks: Record<string, () => Promise<string | undefined>>;
  /** Adds this control plane's own metrics to those of a shell. */
  measureIn(registry: MetricsRegistry): void;
  db: Database;
  can: Capabilities;
  authority: OpenAuthority;
  identity: ServiceIdentity;
  /** Calls back with the id of each instance whose agent was cut off, in whichever process that happened. */
  onRevoked(listener: (instanceId: string) => void): void;
  /** Calls back with the serial number of each service's certificate that was revoked. */
  onServiceRevoked(listener: (serial: string) => void): void;
  close(): Promise<void>;
}

const API_PATH = /^\/(api|v1|trpc)(\/|$)/;

/** What the context has to say in headers (limits, cookies) goes with a refusal too, whose document the shell makes. */
const refuseWithHeaders =
  ({ responseHeaders }: BaseContext) =>
  (error: unknown): never => {
    throw withHeaders(serviceErrorOf(error), responseHeaders);
  };

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
  const { databaseUrlFile: file, log } = options;
  const url = file === undefined ? options.databaseUrl : await readAddress(file);
  if (url === undefined) throw new Error("The control plane needs the address of its database.");
  const db = openDatabase({ url });
  const stopFollowing =
    file === undefined
      ? async () => undefined
      : followAddress({
          file,
          current: url,
          async move(next) {
            await db.moveTo(next);
            log.info({ login: new URL(next).username }, "moved to the new address of the database");
          },
          onError: (err) => log.warn({ err }, "the new address of the database does not work; trying again"),
        });
  try {
    const plane = await openControlPlane(options, db);
    return {
      ...plane,
      async close() {
        await stopFollowing();
        await plane.close();
      },
    };
  } catch (error) {
    await stopFollowing();
    await db.close();
    throw error;
  }
}

async function openControlPlane(options: ControlPlaneOptions, db: Database): Promise<ControlPlane> {
  const { audience, log } = options;
  const changes = await openChanges(db);
  // Whatever follows opens something that is sealed.
  const sealer = await openKeyring(db, {
    key: options.encryptionKey,
    previousKey: options.previousEncryptionKey,
    onChange: changes.on,
  });
  const { leafLifetimeMs, authorityReloadMs: reloadMs } = options;
  const authority = await openAuthority(db, sealer, {
    ...(leafLifetimeMs === undefined ? {} : { leafLifetimeMs }),
    ...(reloadMs === undefined ? {} : { reloadMs }),
  });
  const identity = options.isOperator ? noIdentity : await openServiceIdentity(authority, audience, log);
  const stopFollowing = followAuthority(authority, changes, log, reloadMs);
  const onServiceRevoked = (listener: (serial: string) => void) =>
    void changes.on(({ noun, id }) => {
      if (noun === "certificates") listener(id);
    });
  onServiceRevoked(identity.replace);
  const agents = createAgentCalls(identity);
  const oidcProviders = options.oidcProviders ?? [];
  const plans = createPlanLimits({ db, log, onChange: changes.on });
  const flagDocuments = await openFlagDocuments({ db, changes, log });
  const rateLimits = openRateLimits({ redisUrl: options.redisUrl, plans, log });
  const can: Capabilities = {
    sessions: createSessions({ db, audience, sealer, secureCookies: options.secureCookies, onChange: changes.on }),
    principals: createPrincipals({
      db,
      changes,
      denials: await openDenials({ db, changes, log }),
      accessTokens: createAccessTokens(oidcProviders, (issuer) => openProviderKeys({ issuer, log })),
      log,
    }),
    challengeCookie: createChallengeCookie({ audience, secureCookies: options.secureCookies }),
    changes,
    signer: await openSigner(db, sealer, { onChange: changes.on }),
    authority,
    agents,
    throttle: createThrottle(options.limits, { store: rateLimits.store }),
    plans,
    flagDocuments,
    sealer,
    keyring: sealer,
    oidcProviders,
    oidc: createOidcClients(oidcProviders, options.cloudUrl),
    hasMailbox: options.hasMailbox === true && isLoopback(new URL(options.cloudUrl).hostname),
    databaseFiles: { web: options.databaseUrlFile, worker: options.workerDatabaseUrlFile },
    urls: { cloud: options.cloudUrl, agentApi: options.agentApiUrl },
  };
  const ownOrigin = new URL(audience === "cloud" ? options.cloudUrl : options.adminUrl).origin;
  const never = new AbortController().signal;

  const contextOf = (request: Request, info: RequestInfo): BaseContext => {
    const responseHeaders = new Headers();
    const cookies = request.headers.get("cookie");
    return {
      request: info,
      tenantSelector: request.headers.get("x-tenant-id"),
      idempotencyKey: request.headers.get("idempotency-key"),
      // A call may have given the session another token: the loaders that follow an action in one request go on with it.
      get sessionToken() {
        const given = responseHeaders.getSetCookie().map((cookie) => can.sessions.tokenOf(cookie));
        return given.findLast((token) => token) ?? can.sessions.tokenOf(cookies);
      },
      challengeToken: can.challengeCookie.tokenOf(cookies),
      bearer: bearerOf(request.headers),
      gatewayIdentity: gatewayIdentityOf(request.headers, info),
      signal: info.stopping ?? never,
      responseHeaders,
      audience,
      can,
      open: (scope) => db.as(scope),
    };
  };

  const systemContext = (name: string, info: RequestInfo): VerbContext => ({
    db: db.as({ kind: "system" }),
    actor: { kind: "system", id: null, name },
    request: info,
    can,
  });

  const showsToken = (request: Request, info: RequestInfo) =>
    bearerOf(request.headers) !== null || gatewayIdentityOf(request.headers, info) !== null;
  /**
   * What a request shows instead of a cookie is not sent by a browser on its own. So a foreign page gains nothing by such
   * a request, as long as it has no cookie's rights and is given no cookie, which would sign a browser in.
   */
  const refuseForeignCookie = (request: Request, info: RequestInfo): void => {
    if (!showsToken(request, info)) refuseForeignOrigin(request, ownOrigin);
  };
  /** The context of a request to the API, which counts where Cloud's customers call. */
  const apiContextOf = (request: Request, info: RequestInfo): BaseContext => {
    const ctx = contextOf(request, info);
    const isCounted = audience === "cloud" && options.countsRequests !== false;
    const limit = isCounted ? rateLimits.of(request, info, ctx.responseHeaders) : undefined;
    return limit ? Object.assign(ctx, { limit }) : ctx;
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

  const answerApi = async (request: Request, info: RequestInfo, pathname: string): Promise<Response | null> => {
    const ctx = apiContextOf(request, info);
    if (pathname.startsWith("/trpc/")) {
      refuseForeignCookie(request, info);
      return handleTrpc(request, ctx);
    }
    if (audience === "cloud" && isStackPath(pathname)) {
      refuseForeignCookie(request, info);
      return passToStack(request, ctx).catch(refuseWithHeaders(ctx));
    }
    return handleRest(request, audience, () => {
      refuseForeignCookie(request, info);
      return ctx;
    }).catch(refuseWithHeaders(ctx));
  };

  return {
    async handle(request, info) {
      const { pathname } = new URL(request.url);
      if (pathname === "/openapi.json" && request.method === "GET")
        return Response.json(openapiDocument(audience, ownOrigin), {
          headers: { "Cache-Control": "public, max-age=300" },
        });
      // Beside REST, which reads bodies as JSON: a signature is over the bytes. It stands in place of an origin.
      if (audience === "cloud" && pathname === ZITADEL_WEBHOOK_PATH)
        return receiveZitadelEvent(systemContext("Zitadel", info), request);
      const redirect = audience === "cloud" ? await handleOidc(request, () => contextOf(request, info)) : null;
      if (redirect) return redirect;
      const answer = await answerApi(request, info, pathname);
      if (showsToken(request, info)) answer?.headers.delete("set-cookie");
      // A program that asked for data must not get a page, not even one that says so nicely.
      if (!answer && API_PATH.test(pathname))
        throw new ServiceError("NOT_FOUND", `There is no ${pathname} here. /openapi.json lists what there is.`);
      return answer;
    },
    handleAgent: (request, info) => handleRest(request, "agent", () => contextOf(request, info)),
    handleService: (request, info) => handleRest(request, "service", () => contextOf(request, info)),
    caller(request, info) {
      refuseForeignOrigin(request, ownOrigin);
      const ctx = contextOf(request, info);
      return { api: unwrapErrors(createCaller(ctx)), responseHeaders: ctx.responseHeaders };
    },
    asSystem: (reason) => systemContext("kombify", { requestId: reason, log, clientAddress: "" }),
    checks: {
      database: async () => {
        await db.ping();
        return undefined;
      },
      ...rateLimits.checks,
    },
    measureIn: (registry) => {
      const count = createCounter(registry, {
        name: "kombify_rate_limit_open_total",
        help: "Requests that passed uncounted because Redis was away.",
        labels: [],
      });
      rateLimits.onOpen(() => count({}));
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
    onServiceRevoked,
    async close() {
      stopFollowing();
      flagDocuments.stop();
      identity.stop();
      await changes.stop();
      await agents.close();
      rateLimits.close();
      await db.close();
    },
  };
}
