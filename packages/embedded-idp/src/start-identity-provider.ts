/**
 * An OpenID Connect provider for development and tests: the certified `oidc-provider` with Zitadel's addresses, scopes
 * and claims. Everything is in memory but the keys, which the caller brings.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { JWK } from "jose";
import { type Configuration, type KoaContextWithOIDC, Provider } from "oidc-provider";
import { wrapAccessTokens } from "./access-tokens.ts";
import { accessTokenClaims, claimsByScope, claimsOf } from "./claims.ts";
import { answerInteraction, show } from "./interactions.ts";
import { logoutPage, messagePage } from "./pages.ts";
import type { IdentityProviderClient, ProviderPerson } from "./people.ts";
import { createStore } from "./store.ts";

export interface IdentityProviderOptions {
  /** 0 takes a free one. */
  port: number;
  /** As browsers and clients reach it; `http://localhost:<port>` unless given. */
  issuer?: string;
  clients: readonly IdentityProviderClient[];
  people: readonly ProviderPerson[];
  /** Zitadel's project: its roles, and part of `aud`. */
  projectId: string;
  signingKey: JWK;
  cookieKey: string;
  /** Zitadel's setting of an application; "jwt" unless given. */
  accessTokens?: "jwt" | "opaque";
  /** Seconds; Zitadel's default is 12 h. */
  accessTokenSeconds?: number;
  /** Answers what the provider does not: health of a process. */
  answer?(path: string): { status: number; body: unknown } | null;
  /** Told what a client did not take. */
  onError?(error: Error): void;
}

export interface IdentityProvider {
  issuer: string;
  /** Changes or adds somebody; what they were given before stays as it is. */
  setPerson(person: ProviderPerson): void;
  close(): Promise<void>;
}

const HOURS = 3600;

function configure(
  options: IdentityProviderOptions,
  people: Map<string, ProviderPerson>,
  origins: string[],
): Configuration {
  const { projectId } = options;
  const organisations = options.people.map(({ organisation }) => organisation);
  const claims = claimsByScope(projectId, organisations);
  const accessTokenSeconds = options.accessTokenSeconds ?? 12 * HOURS;
  return {
    adapter: createStore(),
    clients: options.clients.map((client) => ({
      client_id: client.id,
      ...(client.secret ? { client_secret: client.secret } : { token_endpoint_auth_method: "none" as const }),
      redirect_uris: client.redirectUris,
      post_logout_redirect_uris: client.postLogoutRedirectUris,
      ...(client.backchannelLogoutUri
        ? { backchannel_logout_uri: client.backchannelLogoutUri, backchannel_logout_session_required: true }
        : {}),
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code" as const],
    })),
    jwks: { keys: [options.signingKey as { kty: string }] },
    cookies: {
      keys: [options.cookieKey],
      // Cookies of one host are shared by all of its ports: the names must not meet those of the portals.
      names: { session: "idp_session", interaction: "idp_interaction", resume: "idp_resume" },
    },
    // Zitadel puts profile and roles into the ID token too when an application asks for it; userinfo has them always.
    conformIdTokenClaims: false,
    claims,
    scopes: [...Object.keys(claims), "offline_access"],
    pkce: { required: () => true },
    ttl: {
      AccessToken: accessTokenSeconds,
      IdToken: 12 * HOURS,
      Session: 24 * HOURS,
      Interaction: HOURS,
      Grant: 24 * HOURS,
    },
    routes: {
      authorization: "/oauth/v2/authorize",
      token: "/oauth/v2/token",
      jwks: "/oauth/v2/keys",
      userinfo: "/oidc/v1/userinfo",
      end_session: "/oidc/v1/end_session",
      introspection: "/oauth/v2/introspect",
      revocation: "/oauth/v2/revoke",
    },
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => show(ctx, logoutPage(form, ctx.oidc.entities.IdTokenHint === undefined, origins)),
        postLogoutSuccessSource: (ctx) => show(ctx, messagePage("Signed out", "You are signed out.")),
      },
    },
    renderError: (ctx, { error_description: description, error }) =>
      show(ctx, messagePage("This cannot be done", description ?? error), ctx.status),
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    // Our own programs: nobody is asked whether they may know what they ask for.
    async loadExistingGrant(ctx) {
      const { client, session, params } = ctx.oidc;
      const known = session?.grantIdFor(client?.clientId ?? "");
      const grant =
        (known ? await ctx.oidc.provider.Grant.find(known) : undefined) ??
        new ctx.oidc.provider.Grant({ clientId: client?.clientId, accountId: session?.accountId });
      grant.addOIDCScope(String(params?.scope ?? ""));
      await grant.save();
      return grant;
    },
    findAccount: (_ctx, subject) => {
      const person = people.get(subject);
      return person
        ? {
            accountId: subject,
            claims: async (_use, scope) => ({ sub: subject, ...claimsOf(person, scope, projectId, organisations) }),
          }
        : undefined;
    },
    // The library refuses addresses of one's own machine, which is where all of this runs.
    fetch: (url, init) => fetch(url, { ...init, dispatcher: undefined } as RequestInit),
  };
}

/** @throws when the port is taken. */
export async function startIdentityProvider(options: IdentityProviderOptions): Promise<IdentityProvider> {
  const server = createServer();
  const listening = Promise.withResolvers<void>();
  server.once("error", listening.reject);
  server.listen(options.port, "127.0.0.1", () => listening.resolve());
  await listening.promise;
  const issuer = options.issuer ?? `http://localhost:${(server.address() as AddressInfo).port}`;

  const people = new Map(options.people.map((person) => [person.subject, person]));
  const organisations = options.people.map(({ organisation }) => organisation);
  const origins = [
    ...new Set(options.clients.flatMap((client) => client.redirectUris.map((address) => new URL(address).origin))),
  ];
  const provider = new Provider(issuer, configure(options, people, origins));
  const { onError } = options;
  if (onError) {
    provider.on("server_error", (_ctx, error) => onError(error));
    provider.on("backchannel.error", (_ctx, error) => onError(error));
  }
  const clientIds = options.clients.map(({ id }) => id);
  const wrapped =
    options.accessTokens === "opaque"
      ? null
      : await wrapAccessTokens(provider, {
          issuer,
          signingKey: options.signingKey,
          audience: [...clientIds, options.projectId],
          lifetimeSeconds: options.accessTokenSeconds ?? 12 * HOURS,
          claimsOf: (subject, scope) => {
            const person = people.get(subject);
            return person ? accessTokenClaims(person, scope, options.projectId, organisations) : {};
          },
        });
  provider.use(async (ctx: KoaContextWithOIDC, next: () => Promise<void>) => {
    const answer = options.answer?.(ctx.path);
    if (answer) {
      ctx.status = answer.status;
      ctx.body = answer.body;
    } else if (!(await answerInteraction(ctx, { provider, people, clientOrigins: origins })))
      await (wrapped ? wrapped(ctx, next) : next());
  });
  server.on("request", provider.callback());

  return {
    issuer,
    setPerson: (person) => void people.set(person.subject, person),
    close: async () => {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      server.closeAllConnections();
      await closed.promise;
    },
  };
}
