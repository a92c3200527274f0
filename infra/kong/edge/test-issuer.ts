/** An identity provider's keys and tokens for tests, good ones and every kind of bad one. */
import { createHmac, createPublicKey } from "node:crypto";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";

export const ALGORITHMS = ["RS256", "ES256", "EdDSA"] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

export type SigningKey = {
  kid: string;
  alg: string;
  jwk: JWK;
  sign(claims: JWTPayload, header?: object): Promise<string>;
};

/** A fresh key that is not published anywhere yet. */
export async function createSigningKey(alg: string): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const bare = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(bare);
  return {
    kid,
    alg,
    jwk: { ...bare, kid, use: "sig", alg },
    sign: (claims, header = {}) => new SignJWT(claims).setProtectedHeader({ alg, kid, ...header }).sign(privateKey),
  };
}

const SECOND_OF_DAY = 86_400;
const now = (): number => Math.floor(Date.now() / 1000);

/** The claims of Zitadel's access tokens, with what a pre-access-token action may add. */
export const goodClaims = (issuer: string): JWTPayload => ({
  iss: issuer,
  aud: ["client-1", "kombify"],
  sub: "person-1",
  iat: now(),
  nbf: now(),
  exp: now() + 3600,
  name: "Zoë",
  email: "zoe@example.com",
  "urn:zitadel:iam:user:resourceowner:id": "org-1",
  "urn:zitadel:iam:org:id": "org-of-somebody-else",
  "urn:kombify:plan": "pro",
});

const encode = (value: object | string): string =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

export type Published = Record<Algorithm, SigningKey>;

export async function createPublishedKeys(): Promise<Published> {
  const [RS256, ES256, EdDSA] = await Promise.all(ALGORITHMS.map(createSigningKey));
  return { RS256, ES256, EdDSA } as Published;
}

/** Tokens that nobody may take, by what is wrong with them. */
export async function badTokens(issuer: string, keys: Published): Promise<Record<string, string>> {
  const good = goodClaims(issuer);
  const { RS256: rsa, ES256: ec } = keys;
  const stranger = await createSigningKey("RS256");
  const rsa512 = await generateKeyPair("RS512", { extractable: true });
  const { exp: _exp, ...withoutExp } = good;
  const hmacHead = `${encode({ alg: "HS256", kid: rsa.kid })}.${encode(good)}`;
  // The public key in the form in which servers keep it, taken as the secret of an HMAC.
  const pem = createPublicKey({ key: rsa.jwk as never, format: "jwk" }).export({ type: "spki", format: "pem" });
  return {
    none: `${encode({ alg: "none", kid: rsa.kid })}.${encode(good)}.`,
    "hs256-with-public-key": `${hmacHead}.${createHmac("sha256", pem).update(hmacHead).digest("base64url")}`,
    expired: await rsa.sign({ ...good, exp: now() - 60 }),
    "not-yet": await rsa.sign({ ...good, nbf: now() + SECOND_OF_DAY }),
    "wrong-audience": await rsa.sign({ ...good, aud: "another-service" }),
    "wrong-issuer": await rsa.sign({ ...good, iss: `${issuer}.attacker.example` }),
    "unknown-key": await stranger.sign(good),
    "no-kid": await rsa.sign(good, { kid: undefined }),
    "no-exp": await rsa.sign(withoutExp),
    critical: `${encode({ alg: "RS256", kid: rsa.kid, crit: ["b64"], b64: true })}.${encode(good)}.${encode("x")}`,
    // The key comes along with the token; whoever believed it would believe anybody.
    "own-jwk": await stranger.sign(good, { kid: rsa.kid, jwk: stranger.jwk, jku: "https://attacker.example/keys" }),
    RS512: await new SignJWT(good).setProtectedHeader({ alg: "RS512", kid: rsa.kid }).sign(rsa512.privateKey),
    "header-in-sub": await rsa.sign({ ...good, sub: "a\r\nX-Plan: business" }),
    "rs256-under-ec-key": await rsa.sign(good, { kid: ec.kid }),
  };
}

/** Tokens that are good, by what is particular about them. */
export async function goodTokens(issuer: string, keys: Published): Promise<Record<string, string>> {
  const good = goodClaims(issuer);
  const { "urn:zitadel:iam:user:resourceowner:id": _organisation, ...withoutOrganisation } = good;
  const tokens: Record<string, string> = {
    echo: await keys.RS256.sign(withoutOrganisation),
    "made-up-plan": await keys.RS256.sign({ ...good, "urn:kombify:plan": "unlimited" }),
  };
  for (const alg of ALGORITHMS) {
    tokens[alg] = await keys[alg].sign(good);
    tokens[`${alg}-other`] = await keys[alg].sign({ ...good, sub: "person-2" });
  }
  return tokens;
}
