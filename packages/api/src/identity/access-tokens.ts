/**
 * Access tokens of identity providers: JWTs (RFC 9068) that a provider of this installation signed for this installation.
 * Decides whether a token is good, and nothing else: who is meant by it is looked up in principals.ts.
 */
import { hash } from "node:crypto";
import { ServiceError } from "@kombify/agent-contract";
import { decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { createMemory } from "./bounded-memory.ts";
import { type DeniableToken, MAX_TOKEN_LIFETIME_MS } from "./denials.ts";
import type { OidcProvider } from "./oidc-providers.ts";
import { ACCEPTED_ALGORITHMS } from "./provider-keys.ts";

/** What a good token says. */
export interface VerifiedToken extends DeniableToken {
  /** The organisation that the account belongs to; null when the provider does not say. */
  orgId: string | null;
}

export interface AccessTokens {
  /** @throws ServiceError FORBIDDEN (401) with what is wrong; UPSTREAM when the provider's keys cannot be had. */
  verify(token: string): Promise<VerifiedToken>;
}

/** Zitadel's claim from its database. `urn:zitadel:iam:org:id` only repeats what the client asked for, and counts for nothing. */
const ORGANISATION = "urn:zitadel:iam:user:resourceowner:id";
const CLOCK_TOLERANCE_S = 30;
const REMEMBERED_MS = 60_000;
/** RFC 9068, 2.1, and plain JWTs. Others are for something else: `logout+jwt`, `secevent+jwt`, `dpop+jwt`. */
const ACCEPTED_TYPES = new Set(["", "jwt", "application/jwt", "at+jwt", "application/at+jwt"]);
/** Claims of ID tokens (OpenID Connect Core 1.0, 2 and 3.3.2.11) and of log-out tokens (Back-Channel Logout 1.0, 2.4). */
const FOREIGN_CLAIMS = ["nonce", "at_hash", "c_hash", "s_hash", "events"];

/** The refusal of a bearer token (RFC 6750, 3.1). @param message what was wrong and what would be right. */
export const refusedToken = (message: string, cause?: unknown): ServiceError =>
  new ServiceError("FORBIDDEN", message, {
    status: 401,
    challenge: 'Bearer error="invalid_token"',
    ...(cause === undefined ? {} : { cause }),
  });

const textOf = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

/**
 * An ID token says who signed in, to the client alone; it must not open the API (OAuth 2.0 BCP; RFC 9068, 6). Providers tell the
 * two apart in different ways, so that this goes by what each kind has and the other never does.
 */
function refuseOtherKinds(payload: JWTPayload, type: string, clientId: string): void {
  const foreign = FOREIGN_CLAIMS.find((claim) => payload[claim] !== undefined);
  if (foreign || payload.typ === "ID")
    throw refusedToken("This is an ID token or a log-out token. Send an access token.");
  const audiences = [payload.aud].flat();
  const isForClientAlone = audiences.every((audience) => audience === clientId);
  const isMarked =
    type.endsWith("at+jwt") || [payload.jti, payload.scope, payload.scp].some((claim) => claim !== undefined);
  if (isForClientAlone && !isMarked) throw refusedToken("This looks like an ID token. Send an access token.");
}

function verifiedTokenOf(payload: JWTPayload, now: number): VerifiedToken {
  const { iss, sub, iat = 0, exp = 0 } = payload;
  if (!textOf(iss) || !textOf(sub) || iss === undefined || sub === undefined)
    throw refusedToken("This access token does not say whose it is.");
  if (iat > now / 1000 + CLOCK_TOLERANCE_S) throw refusedToken("This access token is from the future.");
  if ((exp - iat) * 1000 > MAX_TOKEN_LIFETIME_MS)
    throw refusedToken("This access token lives for more than a day. Set a shorter lifetime at the identity provider.");
  const orgId = payload[ORGANISATION];
  if (orgId !== undefined && !textOf(orgId))
    throw refusedToken("This access token names an organisation in a wrong form.");
  return {
    issuer: iss,
    subject: sub,
    jti: textOf(payload.jti),
    sid: textOf(payload.sid),
    issuedAt: iat * 1000,
    orgId: textOf(orgId) ?? null,
  };
}

/** Words for why the library refused a token. */
function refusalOf(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) return refusedToken("This access token has expired. Get a new one.", error);
  if (error instanceof errors.JWTClaimValidationFailed)
    return refusedToken(`The claim "${error.claim}" of this access token is not what it should be.`, error);
  if (error instanceof errors.JOSEError)
    return refusedToken("This access token is not signed by its issuer in a way that is taken here.", error);
  return error;
}

/** @param keysOf the keys of one provider; called once for each. */
export function createAccessTokens(
  providers: readonly OidcProvider[],
  keysOf: (issuer: string) => JWTVerifyGetKey,
): AccessTokens {
  const known = new Map(providers.map((provider) => [provider.issuer, { provider, keys: keysOf(provider.issuer) }]));
  const remembered = createMemory<VerifiedToken>();

  function issuerOf(token: string): string | undefined {
    try {
      return decodeJwt(token).iss;
    } catch (cause) {
      throw refusedToken("This is neither a personal access token nor a JWT.", cause);
    }
  }

  return {
    async verify(token) {
      const digest = hash("sha256", token);
      const verified = remembered.get(digest);
      if (verified) return verified;
      const found = known.get(issuerOf(token) ?? "");
      if (!found) throw refusedToken("The issuer of this access token is not known here.");
      const { provider, keys } = found;
      const audience = [provider.clientId, provider.projectId, ...provider.audiences].filter(
        (one) => one !== undefined,
      );
      const now = Date.now();
      try {
        const { payload, protectedHeader } = await jwtVerify(token, keys, {
          algorithms: ACCEPTED_ALGORITHMS,
          issuer: provider.issuer,
          audience,
          clockTolerance: CLOCK_TOLERANCE_S,
          requiredClaims: ["exp", "iat", "sub"],
        });
        const type = String(protectedHeader.typ ?? "").toLowerCase();
        if (!ACCEPTED_TYPES.has(type)) throw refusedToken("This token is for something else. Send an access token.");
        refuseOtherKinds(payload, type, provider.clientId);
        const good = verifiedTokenOf(payload, now);
        const endsAt = ((payload.exp ?? 0) + CLOCK_TOLERANCE_S) * 1000;
        remembered.set(digest, good, Math.min(now + REMEMBERED_MS, endsAt));
        return good;
      } catch (error) {
        throw refusalOf(error);
      }
    },
  };
}
