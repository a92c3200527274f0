/**
 * Access tokens as Zitadel's setting "JWT" makes them. The library knows JWTs only for one resource each, and then
 * refuses them at its own userinfo; Zitadel's name every client of the project in `aud` and work everywhere. So the
 * library's token is the `jti` of ours: it is wrapped on the way out and unwrapped on the way in.
 */
import { text } from "node:stream/consumers";
import { importJWK, type JWK, jwtVerify, SignJWT } from "jose";
import type { KoaContextWithOIDC, Provider } from "oidc-provider";

export interface AccessTokenRules {
  issuer: string;
  signingKey: JWK;
  /** `aud`: the clients and the project. */
  audience: string[];
  lifetimeSeconds: number;
  claimsOf(subject: string, scope: string): Record<string, unknown>;
}

type Middleware = (ctx: KoaContextWithOIDC, next: () => Promise<void>) => Promise<void>;

/** @returns a middleware that stands around the provider's own. */
export async function wrapAccessTokens(provider: Provider, rules: AccessTokenRules): Promise<Middleware> {
  const { kid = "", d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...publicJwk } = rules.signingKey;
  const [privateKey, publicKey] = await Promise.all([
    importJWK(rules.signingKey, "RS256"),
    importJWK(publicJwk, "RS256"),
  ]);

  const wrap = async (opaque: string): Promise<string> => {
    const token = await provider.AccessToken.find(opaque);
    if (!token) throw new Error("A token that was just issued is not known.");
    const { accountId = "", scope = "", clientId = "" } = token;
    return new SignJWT({
      ...rules.claimsOf(accountId, scope),
      client_id: clientId,
      scope,
      jti: opaque,
    })
      .setProtectedHeader({ alg: "RS256", kid, typ: "at+jwt" })
      .setIssuer(rules.issuer)
      .setSubject(accountId)
      .setAudience(rules.audience)
      .setIssuedAt()
      .setNotBefore("0s")
      .setExpirationTime(`${rules.lifetimeSeconds}s`)
      .sign(privateKey);
  };
  /** The library's token inside of ours; anything else stays as it is, for the library to refuse. */
  const unwrap = async (token: string): Promise<string> => {
    if (token.split(".").length !== 3) return token;
    const verified = await jwtVerify(token, publicKey, { issuer: rules.issuer, algorithms: ["RS256"] }).catch(
      () => null,
    );
    return verified?.payload.jti ?? "not-a-token-of-ours";
  };

  return async (ctx, next) => {
    const [scheme, bearer] = (ctx.get("authorization") ?? "").split(" ");
    if (ctx.path === "/oidc/v1/userinfo" && scheme?.toLowerCase() === "bearer" && bearer)
      ctx.req.headers.authorization = `Bearer ${await unwrap(bearer)}`;
    if (ctx.method === "POST" && (ctx.path === "/oauth/v2/introspect" || ctx.path === "/oauth/v2/revoke")) {
      const form = Object.fromEntries(new URLSearchParams(await text(ctx.req)));
      Object.assign(ctx.req, { body: { ...form, token: await unwrap(form.token ?? "") } });
    }
    await next();
    const answer = ctx.body as { access_token?: string; active?: boolean; aud?: unknown } | undefined;
    if (ctx.path === "/oauth/v2/token" && ctx.status === 200 && answer?.access_token)
      ctx.body = { ...answer, access_token: await wrap(answer.access_token) };
    if (ctx.path === "/oauth/v2/introspect" && answer?.active) ctx.body = { ...answer, aud: rules.audience };
  };
}
