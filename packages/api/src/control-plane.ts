/** The control plane as one object: what a portal's server mounts, calls and closes. */
import { ServiceError } from "@kombify/agent-contract";
import { type Database, followAddress, openDatabase, readAddress } from "@kombify/db";
import { createCounter, type Logger, type MetricsRegistry, withHeaders } from "@kombify/server";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { type OpenAuthority, openAuthority } from "./agents/authority.ts";
import { createAgentCalls } from "./agents/calls.ts";
import { openServiceIdentity, type ServiceIdentity } from "./agents/service-identity.ts";
import { createPlanLimits } from "./billing/limits.ts";
import { openChanges } from "./changes.ts";
import type { Audience, BaseContext, Capabilities, RequestInfo, VerbContext } from "./context.ts";
import type { OidcProvider } from "./identity/oidc-providers.ts";
import { createSessions } from "./identity/sessions.ts";
import { openSigner } from "./identity/signing-keys.ts";
import { openapiDocument } from "./openapi.ts";
import { refuseForeignOrigin } from "./origin.ts";
import { openRateLimits } from "./rate-limits/open.ts";
import { handleRest } from "./rest.ts";
import { appRouter, type Caller, createCaller } from "./router.ts";
import { createSealer } from "./seal.ts";
import { isStackPath, passToStack } from "./stack-pass.ts";
import { createThrottle, type ThrottleLimits } from "./throttle.ts";
import { serviceErrorOf } from "./trpc.ts";

export interface ControlPlaneOptions {
  /** As the log-in role of web processes. */
  databaseUrl?: string | undefined;
  /** Holds that address, in place of `databaseUrl`, and is followed: passwords are exchanged while processes run. */
  databaseUrlFile?: string | undefined;
  /** The same for the queue, for the process that exchanges passwords. */
  workerDatabaseUrlFile?: string | undefined;
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
  limits?: Partial<ThrottleLimits>;
  /** Where all processes count together; without it, each counts for itself. */
  redisUrl?: string | undefined;
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
  /** Adds this control plane's own metrics to those of a shell. */
  measureIn(registry: MetricsRegistry): void;
  db: Database;
  can: Capabilities;
  authority: OpenAuthority;
  identity: ServiceIdentity;
  /** Calls back with the id of each instance whose agent was cut off, in whichever process that happened. */
  onRevoked(listener: (instanceId: string) => void): void;
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
  const sealer = createSealer(options.encryptionKey);
  const changes = await openChanges(db);
  const authority = await openAuthority(
    db,
    sealer,
    options.leafLifetimeMs === undefined ? {} : { leafLifetimeMs: options.leafLifetimeMs },
  );
  const identity = await openServiceIdentity(authority, audience, log);
  const agents = createAgentCalls(identity);
  const plans = createPlanLimits({ db, log, onChange: changes.on });
  const rateLimits = openRateLimits({ redisUrl: options.redisUrl, plans, log });
  const can: Capabilities = {
    sessions: createSessions({ db, audience, sealer, secureCookies: options.secureCookies, onChange: changes.on }),
    changes,
    signer: await openSigner(db, sealer),
    authority,
    agents,
    throttle: createThrottle(options.limits, { store: rateLimits.store }),
    plans,
    sealer,
    oidcProviders: options.oidcProviders ?? [],
    databaseFiles: { web: options.databaseUrlFile, worker: options.workerDatabaseUrlFile },
    urls: { cloud: options.cloudUrl, agentApi: options.agentApiUrl },
  };
  const ownOrigin = new URL(audience === "cloud" ? options.cloudUrl : options.adminUrl).origin;
  const never = new AbortController().signal;

  const contextOf = (request: Request, info: RequestInfo): BaseContext => ({
    request: info,
    tenantSelector: request.headers.get("x-tenant-id"),
    idempotencyKey: request.headers.get("idempotency-key"),
    sessionToken: can.sessions.tokenOf(request.headers.get("cookie")),
    signal: info.stopping ?? never,
    responseHeaders: new Headers(),
    audience,
    can,
    open: (scope) => db.as(scope),
  });

  /** The context of a request to the API, which counts where Cloud's customers call. */
  const apiContextOf = (request: Request, info: RequestInfo): BaseContext => {
    const ctx = contextOf(request, info);
    const limit = audience === "cloud" ? rateLimits.of(request, info, ctx.responseHeaders) : undefined;
    return limit ? { ...ctx, limit } : ctx;
  };

  const handleTrpc = (request: Request, info: RequestInfo): Promise<Response> => {
    const ctx = apiContextOf(request, info);
    return fetchRequestHandler({
      endpoint: "/trpc",
      req: request,
      router: appRouter,
      createContext: () => ctx,
      responseMeta: () => ({ headers: ctx.responseHeaders }),
    });
  };

  return {
    async handle(request, info) {
      const { pathname } = new URL(request.url);
      if (pathname === "/openapi.json" && request.method === "GET")
        return Response.json(openapiDocument(audience, ownOrigin), {
          headers: { "Cache-Control": "public, max-age=300" },
        });
      if (pathname.startsWith("/trpc/")) {
        refuseForeignOrigin(request, ownOrigin);
        return handleTrpc(request, info);
      }
      if (audience === "cloud" && isStackPath(pathname)) {
        refuseForeignOrigin(request, ownOrigin);
        const ctx = apiContextOf(request, info);
        return passToStack(request, ctx).catch(refuseWithHeaders(ctx));
      }
      const ctx = apiContextOf(request, info);
      const answer = await handleRest(request, audience, () => {
        refuseForeignOrigin(request, ownOrigin);
        return ctx;
      }).catch(refuseWithHeaders(ctx));
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
    async close() {
      identity.stop();
      await changes.stop();
      await agents.close();
      rateLimits.close();
      await db.close();
    },
  };
}
