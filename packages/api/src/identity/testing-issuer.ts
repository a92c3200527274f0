/** An identity provider over real HTTP, for tests: discovery, keys that can be rotated, and whatever tokens are wanted. */
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";
import { type OidcProvider, oidcProviderSchema } from "./oidc-providers.ts";

const MINUTES_15 = 900;

export interface TestIssuer {
  provider: OidcProvider;
  /** How often each was asked for. */
  asked: { discovery: number; keys: number };
  /** What answers instead: `down` is a failing provider. */
  behaviour: "well" | "down" | "false-issuer";
  /** A new key; those before it are kept in the set when `keep` says so. @returns its kid. */
  rotate(options?: { algorithm?: string; keep?: boolean }): Promise<string>;
  /** An access token of the kind that Zitadel issues; claims that are given as undefined are left out. */
  issue(claims: JWTPayload, header?: { kid?: string; typ?: string | undefined }): Promise<string>;
  /** The public key of the newest kid. */
  publicKey(): JWK;
  close(): Promise<void>;
}

/** @param more about how this installation is registered there. */
export async function openTestIssuer(more: Partial<OidcProvider> = {}): Promise<TestIssuer> {
  const keys: { jwk: JWK; privateKey: CryptoKey; algorithm: string }[] = [];
  const server = createServer((request, response) => {
    const isDiscovery = request.url === "/.well-known/openid-configuration";
    issuer.asked[isDiscovery ? "discovery" : "keys"]++;
    if (issuer.behaviour === "down") return void response.writeHead(503).end();
    response.setHeader("content-type", "application/json");
    const name = issuer.behaviour === "false-issuer" ? "https://somebody.example" : origin;
    response.end(
      JSON.stringify(
        isDiscovery ? { issuer: name, jwks_uri: `${origin}/oauth/v2/keys` } : { keys: keys.map(({ jwk }) => jwk) },
      ),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer: TestIssuer = {
    provider: oidcProviderSchema.parse({
      id: "zitadel",
      name: "Zitadel",
      issuer: origin,
      clientId: "kombify-client",
      projectId: "kombify-project",
      ...more,
    }),
    asked: { discovery: 0, keys: 0 },
    behaviour: "well",
    async rotate({ algorithm = "RS256", keep = false } = {}) {
      const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true });
      const kid = randomUUID();
      if (!keep) keys.length = 0;
      keys.push({ jwk: { ...(await exportJWK(publicKey)), kid, use: "sig", alg: algorithm }, privateKey, algorithm });
      return kid;
    },
    async issue(claims, header = {}) {
      const key = keys.find(({ jwk }) => jwk.kid === header.kid) ?? keys.at(-1);
      if (!key) throw new Error("There is no key yet.");
      const now = Math.floor(Date.now() / 1000);
      const all = {
        iss: origin,
        aud: ["another-client", "kombify-client", "kombify-project"],
        iat: now,
        nbf: now,
        exp: now + MINUTES_15,
        jti: randomUUID(),
        ...claims,
      };
      const typ = "typ" in header ? header.typ : "JWT";
      return new SignJWT(JSON.parse(JSON.stringify(all)))
        .setProtectedHeader({
          alg: key.algorithm,
          ...(key.jwk.kid ? { kid: key.jwk.kid } : {}),
          ...(typ ? { typ } : {}),
          ...(header.kid ? { kid: header.kid } : {}),
        })
        .sign(key.privateKey);
    },
    publicKey: () => keys.at(-1)?.jwk ?? {},
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  await issuer.rotate();
  return issuer;
}
