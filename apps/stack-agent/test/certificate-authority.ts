/** The control plane's certificate authority, as a test needs it: it knows every certificate that it gave out. */
import "reflect-metadata";
import { createHash, webcrypto } from "node:crypto";
import { type Peer, spiffeId } from "@kombify/agent-contract";
import * as x509 from "@peculiar/x509";

const P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
x509.cryptoProvider.set(webcrypto);

export type Leaf = { key: string; cert: string };
export type LeafOptions = {
  /** In place of the peer's SPIFFE id alone. */
  uris?: string[];
  /** Milliseconds from now; negative for one that has ended. */
  lifeMs?: number;
  /** Object identifiers. */
  usages?: string[];
};
export type TestAuthority = {
  certificate: string;
  /** SHA-256 of the certificate's DER, hex. */
  fingerprint: string;
  issue(peer: Peer, options?: LeafOptions): Promise<Leaf>;
  /** @returns the leaf, PEM. The subject of the request is ignored. */
  sign(csr: string, peer: Peer, lifeMs: number): Promise<string>;
};

export async function createAuthority(): Promise<TestAuthority> {
  const keys = await webcrypto.subtle.generateKey(P256, true, ["sign", "verify"]);
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=kombify test ${webcrypto.randomUUID()}`,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    keys,
    signingAlgorithm: P256,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  const { clientAuth, serverAuth } = x509.ExtendedKeyUsage;
  const leaf = async (
    publicKey: x509.PublicKeyType,
    peer: Peer,
    notBefore: Date,
    notAfter: Date,
    { uris = [spiffeId(peer)], usages = [clientAuth, serverAuth] }: LeafOptions = {},
  ): Promise<string> => {
    const certificate = await x509.X509CertificateGenerator.create({
      subject: `CN=${spiffeId(peer)}`,
      issuer: root.subject,
      publicKey,
      notBefore,
      notAfter,
      signingKey: keys.privateKey,
      signingAlgorithm: P256,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.ExtendedKeyUsageExtension(usages),
        new x509.SubjectAlternativeNameExtension([
          { type: "dns", value: "localhost" },
          ...uris.map((value) => ({ type: "url" as const, value })),
        ]),
      ],
    });
    return certificate.toString("pem");
  };
  return {
    certificate: root.toString("pem"),
    fingerprint: createHash("sha256").update(Buffer.from(root.rawData)).digest("hex"),
    async issue(peer, options = {}) {
      const own = await webcrypto.subtle.generateKey(P256, true, ["sign", "verify"]);
      const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", own.privateKey), "PRIVATE KEY");
      const [notBefore, notAfter] = [Date.now() - 60_000, Date.now() + (options.lifeMs ?? 3_600_000)].map(
        (time) => new Date(time),
      ) as [Date, Date];
      return { key, cert: await leaf(own.publicKey, peer, notBefore, notAfter, options) };
    },
    async sign(csr, peer, lifeMs) {
      const request = new x509.Pkcs10CertificateRequest(csr);
      if (!(await request.verify())) throw new Error("the request does not prove its key");
      return leaf(request.publicKey, peer, new Date(), new Date(Date.now() + lifeMs));
    },
  };
}
