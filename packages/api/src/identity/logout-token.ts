/** Logout tokens, as OpenID Connect Back-Channel Logout 1.0, 2.6 wants them verified. */
import { ServiceError } from "@kombify/agent-contract";
import { createRemoteJWKSet, decodeJwt, type JWTVerifyGetKey, jwtVerify } from "jose";
import { z } from "zod";
import type { OidcProvider } from "./oidc-providers.ts";

export interface LogoutToken {
  issuer: string;
  subject: string | null;
  sid: string | null;
  tokenId: string;
  expiresAt: Date;
}

const EVENT = "http://schemas.openid.net/event/backchannel-logout";
/** Signatures with a public key alone: with a shared secret, whoever knows our keys could make one. */
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
const TYPES = [undefined, "JWT", "logout+jwt"];
const CLOCK_TOLERANCE_SECONDS = 30;
/** Zitadel's live for 15 minutes; older ones were kept by somebody. */
const OLDEST_SECONDS = 20 * 60;

const claimsSchema = z
  .object({
    sub: z.string().min(1).max(255).optional(),
    sid: z.string().min(1).max(255).optional(),
    jti: z.string().min(1).max(255),
    exp: z.number(),
    events: z.object({ [EVENT]: z.record(z.string(), z.unknown()) }),
  })
  .refine(({ sub, sid }) => sub !== undefined || sid !== undefined, "names neither a person nor a session");

const refused = (message: string, cause?: unknown) =>
  new ServiceError("INVALID", `This logout token is not taken: ${message}.`, { cause });

/** @param keysOf where a provider publishes its keys. */
export function createLogoutTokenVerifier(
  providers: readonly OidcProvider[],
  keysOf: (provider: OidcProvider) => Promise<string>,
): (token: string) => Promise<LogoutToken> {
  const keySets = new Map<string, JWTVerifyGetKey>();

  async function keySetOf(provider: OidcProvider): Promise<JWTVerifyGetKey> {
    const address = await keysOf(provider);
    const found = keySets.get(address) ?? createRemoteJWKSet(new URL(address));
    keySets.set(address, found);
    return found;
  }

  return async (token) => {
    let claimed: string | undefined;
    try {
      claimed = decodeJwt(token).iss;
    } catch (cause) {
      throw refused("it is no JWT", cause);
    }
    const provider = providers.find(({ issuer }) => issuer === claimed);
    if (!provider) throw refused("its issuer is not known here");
    const keySet = await keySetOf(provider);
    const { payload, protectedHeader } = await jwtVerify(token, keySet, {
      issuer: provider.issuer,
      audience: provider.clientId,
      algorithms: ALGORITHMS,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      maxTokenAge: OLDEST_SECONDS,
      requiredClaims: ["iat", "exp", "jti", "events"],
    }).catch((cause: unknown) => {
      throw refused("its signature, issuer, audience or time is wrong", cause);
    });
    if (!TYPES.includes(protectedHeader.typ)) throw refused("it is a token of another kind");
    // An ID token always could have one, a logout token never has: so that neither is taken for the other.
    if (payload.nonce !== undefined) throw refused("it has a nonce");
    const claims = claimsSchema.safeParse(payload);
    if (!claims.success) throw refused("it does not say who is signed out", claims.error);
    const { sub, sid, jti, exp } = claims.data;
    return {
      issuer: provider.issuer,
      subject: sub ?? null,
      sid: sid ?? null,
      tokenId: jti,
      expiresAt: new Date(exp * 1000),
    };
  };
}
