/**
 * OpenID Connect, our side of it: where to send a browser, and what to believe of what comes back. Knows no people and
 * no database. Codes, tokens and verifiers are never logged and never part of an error.
 */
import { ServiceError } from "@kombify/agent-contract";
import * as client from "openid-client";
import { createLogoutTokenVerifier, type LogoutToken } from "./logout-token.ts";
import type { OidcProvider } from "./oidc-providers.ts";
import { identityFrom, type ProviderIdentity, scopesOf } from "./provider-claims.ts";
import { SignInRefusal } from "./sign-in-refusal.ts";

/** What has to be remembered between sending somebody away and their coming back. */
export interface SignInChecks {
  state: string;
  nonce: string;
  verifier: string;
}

export interface OidcClients {
  readonly providers: readonly OidcProvider[];
  /** @throws SignInRefusal when there is no such provider here. */
  find(id: string): OidcProvider;
  /** @throws SignInRefusal when the provider cannot be reached. */
  begin(provider: OidcProvider): Promise<{ address: string; checks: SignInChecks }>;
  /** @throws SignInRefusal with the reason for which the answer was not taken. */
  complete(provider: OidcProvider, callback: URL, checks: SignInChecks): Promise<ProviderIdentity>;
  /**
   * Where a browser goes to be signed out at its provider (OpenID Connect RP-Initiated Logout 1.0). Null when the provider
   * is not configured any more, cannot be reached, or has no such address.
   */
  endSession(issuer: string, idToken: string): Promise<string | null>;
  /** @throws ServiceError INVALID for a logout token that is none. */
  verifyLogoutToken(token: string): Promise<LogoutToken>;
}

export const CALLBACK_PATH = "/api/auth/oidc/callback";

/** How long a discovery document is used before it is asked for again. */
const METADATA_MS = 10 * 60_000;
const TIMEOUT_SECONDS = 5;
/** Seconds by which clocks may differ. */
const CLOCK_TOLERANCE_SECONDS = 30;

/** @param cloudUrl without a trailing slash. */
export function createOidcClients(providers: readonly OidcProvider[], cloudUrl: string): OidcClients {
  const redirectUri = `${cloudUrl}${CALLBACK_PATH}`;
  const known = new Map<string, { metadata: client.ServerMetadata; until: number }>();
  const discovering = new Map<string, Promise<client.ServerMetadata>>();

  /** Told of a request that failed by itself: the difference between "away" and "lies". */
  const watchedFetch = (onAway: () => void) => async (address: string, options: client.CustomFetchOptions) => {
    try {
      const answer = await fetch(address, options as RequestInit);
      if (answer.status === 429 || answer.status >= 500) onAway();
      return answer;
    } catch (error) {
      onAway();
      throw error;
    }
  };

  async function discover({ issuer, clientId }: OidcProvider): Promise<client.ServerMetadata> {
    const config = await client.discovery(new URL(issuer), clientId, undefined, client.None(), {
      timeout: TIMEOUT_SECONDS,
      execute: issuer.startsWith("http:") ? [client.allowInsecureRequests] : [],
    });
    return structuredClone({ ...config.serverMetadata(), supportsPKCE: undefined });
  }

  /** The provider's metadata; those of before while it cannot be asked. */
  async function metadataOf(provider: OidcProvider): Promise<client.ServerMetadata> {
    const remembered = known.get(provider.id);
    if (remembered && remembered.until > Date.now()) return remembered.metadata;
    const running = discovering.get(provider.id) ?? discover(provider);
    discovering.set(provider.id, running);
    try {
      const metadata = await running;
      known.set(provider.id, { metadata, until: Date.now() + METADATA_MS });
      return metadata;
    } catch (cause) {
      if (remembered) return remembered.metadata;
      throw new SignInRefusal("provider-away", "UPSTREAM", `${provider.name} does not answer at the moment.`, {
        cause,
      });
    } finally {
      discovering.delete(provider.id);
    }
  }

  /**
   * A configuration of its own for each sign-in: its keys are fetched anew, so that a provider that has just rotated
   * them turns nobody away. One request more each time; people sign in rarely.
   */
  async function configure(
    provider: OidcProvider,
    onAway: () => void = () => undefined,
  ): Promise<client.Configuration> {
    const metadata = structuredClone(await metadataOf(provider));
    const { clientId, clientSecret, issuer } = provider;
    const methods = metadata.token_endpoint_auth_methods_supported;
    const authentication = !clientSecret
      ? client.None()
      : !methods || methods.includes("client_secret_basic")
        ? client.ClientSecretBasic(clientSecret)
        : client.ClientSecretPost(clientSecret);
    const config = new client.Configuration(
      metadata,
      clientId,
      { [client.clockTolerance]: CLOCK_TOLERANCE_SECONDS },
      authentication,
    );
    config.timeout = TIMEOUT_SECONDS;
    config[client.customFetch] = watchedFetch(onAway);
    // Without it the library trusts the connection and does not look at the ID token's signature.
    client.enableNonRepudiationChecks(config);
    if (issuer.startsWith("http:")) client.allowInsecureRequests(config);
    return config;
  }

  return {
    providers,
    find(id) {
      const provider = providers.find((each) => each.id === id);
      if (!provider)
        throw new SignInRefusal("unknown-provider", "NOT_FOUND", "There is no such identity provider here.");
      return provider;
    },
    async begin(provider) {
      const config = await configure(provider);
      const checks = {
        state: client.randomState(),
        nonce: client.randomNonce(),
        verifier: client.randomPKCECodeVerifier(),
      };
      const address = client.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: scopesOf(provider),
        code_challenge: await client.calculatePKCECodeChallenge(checks.verifier),
        code_challenge_method: "S256",
        state: checks.state,
        nonce: checks.nonce,
      });
      return { address: address.href, checks };
    },
    async complete(provider, callback, { state, nonce, verifier }) {
      let isAway = false;
      try {
        const config = await configure(provider, () => {
          isAway = true;
        });
        // The address as it was registered, whatever host the request came in by.
        const address = new URL(`${redirectUri}${callback.search}`);
        const tokens = await client.authorizationCodeGrant(config, address, {
          pkceCodeVerifier: verifier,
          expectedState: state,
          expectedNonce: nonce,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (!claims || !tokens.id_token) throw new Error("There is no ID token.");
        const more = config.serverMetadata().userinfo_endpoint
          ? await client.fetchUserInfo(config, tokens.access_token, claims.sub)
          : {};
        const proof = { subject: claims.sub, sid: claims.sid, idToken: tokens.id_token };
        return identityFrom(provider, { ...more, ...claims }, proof);
      } catch (error) {
        throw refusalOf(provider, error, isAway);
      }
    },
    async endSession(issuer, idToken) {
      const provider = providers.find((each) => each.issuer === issuer);
      const metadata = provider ? await metadataOf(provider).catch(() => null) : null;
      if (!provider || !metadata?.end_session_endpoint) return null;
      const address = new URL(metadata.end_session_endpoint);
      address.searchParams.set("id_token_hint", idToken);
      address.searchParams.set("client_id", provider.clientId);
      address.searchParams.set("post_logout_redirect_uri", `${cloudUrl}/`);
      return address.href;
    },
    verifyLogoutToken: createLogoutTokenVerifier(providers, async (provider) => {
      const { jwks_uri: address } = await metadataOf(provider);
      if (!address) throw new ServiceError("UPSTREAM", `${provider.name} publishes no keys.`);
      return address;
    }),
  };
}

/** The reason behind an error of the library, without what the error holds: it may quote the request. */
function refusalOf(provider: OidcProvider, error: unknown, isAway: boolean): SignInRefusal {
  if (error instanceof SignInRefusal) return error;
  const { name } = provider;
  if (error instanceof client.AuthorizationResponseError)
    return error.error === "access_denied"
      ? new SignInRefusal("cancelled", "FORBIDDEN", `You did not sign in at ${name}.`)
      : new SignInRefusal("provider-refused", "UPSTREAM", `${name} refused (${shortCode(error.error)}). Try again.`);
  if (isAway) return new SignInRefusal("provider-away", "UPSTREAM", `${name} does not answer at the moment.`);
  if (error instanceof client.ResponseBodyError)
    return error.error === "invalid_grant"
      ? new SignInRefusal("expired", "FORBIDDEN", "That took too long, or was used before. Sign in again.")
      : new SignInRefusal(
          "misconfigured",
          "UPSTREAM",
          `${name} does not take this portal (${shortCode(error.error)}).`,
        );
  const code = error instanceof Error && "code" in error ? shortCode(String(error.code)) : "no code";
  return new SignInRefusal("not-trusted", "UPSTREAM", `The answer of ${name} could not be verified (${code}).`);
}

/** A code of a protocol, or of the library; anything else that stands in its place may be anything. */
const shortCode = (code: string): string => (/^[A-Za-z_]{1,60}$/.test(code) ? code : "unknown");
