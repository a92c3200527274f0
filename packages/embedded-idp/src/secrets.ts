import { randomBytes } from "node:crypto";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from "jose";

export interface ProviderSecrets {
  /** Private RSA key (RS256) with its `kid`. */
  signingKey: JWK;
  /** Signs the provider's own cookies. */
  cookieKey: string;
  /** Of the one client that the Cloud portal is. */
  clientSecret: string;
}

/** New secrets; whoever wants tokens and links to outlive a restart keeps them. */
export async function generateProviderSecrets(): Promise<ProviderSecrets> {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const jwk = await exportJWK(privateKey);
  return {
    signingKey: { ...jwk, alg: "RS256", use: "sig", kid: await calculateJwkThumbprint(jwk) },
    cookieKey: randomBytes(32).toString("base64url"),
    clientSecret: randomBytes(32).toString("base64url"),
  };
}
