import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const VALIDITY_MS = 3_600_000;
const BOTH = [x509.ExtendedKeyUsage.clientAuth, x509.ExtendedKeyUsage.serverAuth];

export type LeafOptions = {
  /** None for a certificate with a common name alone, several for one that names nobody. */
  uris: string[];
  /** Milliseconds from now; negative for one that has ended. */
  lifeMs?: number;
  /** Object identifiers; null for a certificate that does not say what it is for. */
  usages?: string[] | null;
};

export type TestCa = {
  certificate: string;
  issue(spiffeUri: string, options?: Partial<LeafOptions>): Promise<{ key: string; cert: string }>;
};

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");
}

const validity = () => ({
  notBefore: new Date(Date.now() - 60_000),
  notAfter: new Date(Date.now() + VALIDITY_MS),
});

/** A certificate authority for tests that issues leaves with one SPIFFE id and the host name localhost. */
export async function createTestCa(name: string): Promise<TestCa> {
  x509.cryptoProvider.set(webcrypto);
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(),
    name: `CN=${name}`,
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  return {
    certificate: root.toString("pem"),
    async issue(spiffeUri, { uris = [spiffeUri], lifeMs = VALIDITY_MS, usages = BOTH } = {}) {
      const leafKeys = await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
      const leaf = await x509.X509CertificateGenerator.create({
        notBefore: new Date(Date.now() - VALIDITY_MS),
        notAfter: new Date(Date.now() + lifeMs),
        subject: `CN=${spiffeUri}`,
        issuer: root.subject,
        publicKey: leafKeys.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          ...(usages ? [new x509.ExtendedKeyUsageExtension(usages)] : []),
          new x509.SubjectAlternativeNameExtension([
            ...uris.map((value) => ({ type: "url" as const, value })),
            { type: "dns", value: "localhost" },
          ]),
        ],
      });
      return { key: await pemOf(leafKeys.privateKey), cert: leaf.toString("pem") };
    },
  };
}
