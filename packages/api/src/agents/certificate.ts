/** Making X.509 certificates: ECDSA P-256, one SPIFFE URI SAN (X.509-SVID, section 2). */
import "reflect-metadata";
import { randomBytes } from "node:crypto";
import { CERTIFICATE_BACKDATE_MS, type Peer, ServiceError, spiffeId } from "@kombify/agent-contract";
import * as x509 from "@peculiar/x509";

// Types of the global `crypto`, and not of node:crypto: the portals are checked with the browser's types beside Node's.
type CryptoKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;
type CryptoKeyPair = { publicKey: CryptoKey; privateKey: CryptoKey };

x509.cryptoProvider.set(crypto);

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

export interface Issuer {
  certificate: x509.X509Certificate;
  privateKey: CryptoKey;
}

export const generateKeys = (): Promise<CryptoKeyPair> =>
  crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);

/** PKCS#8, PEM. */
export const exportPrivateKey = async (key: CryptoKey): Promise<string> =>
  x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", key), "PRIVATE KEY");

export const importPrivateKey = (pem: string): Promise<CryptoKey> =>
  crypto.subtle.importKey("pkcs8", x509.PemConverter.decode(pem)[0] ?? new ArrayBuffer(0), ALGORITHM, false, [
    "sign",
  ]) as Promise<CryptoKey>;

/** sha256 of the certificate's DER, hex. */
export const fingerprintOf = async (certificate: x509.X509Certificate): Promise<string> =>
  Buffer.from(await certificate.getThumbprint("SHA-256")).toString("hex");

// A serial number is positive and at most 20 octets (RFC 5280, 4.1.2.2).
const newSerial = (): string => {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString("hex");
};

const extensionsOfCa = async (publicKey: CryptoKey) => [
  new x509.BasicConstraintsExtension(true, 0, true),
  new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
  await x509.SubjectKeyIdentifierExtension.create(publicKey),
];
const keyIdentifierOf = async ({ certificate }: Issuer) =>
  x509.AuthorityKeyIdentifierExtension.create(await certificate.publicKey.export());
const backdated = () => new Date(Date.now() - CERTIFICATE_BACKDATE_MS);

/**
 * A self-signed CA of ten years. Its name is its own: where two are trusted at once, OpenSSL finds the issuer of a
 * certificate by name.
 */
export async function createRoot(): Promise<Issuer> {
  const keys = await generateKeys();
  const serialNumber = newSerial();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber,
    name: `CN=kombify CA ${serialNumber.slice(0, 8)}`,
    notBefore: backdated(),
    notAfter: new Date(Date.now() + 3650 * 86_400_000),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: await extensionsOfCa(keys.publicKey),
  });
  return { certificate, privateKey: keys.privateKey };
}

/** What one CA says of its successor: a certificate for the successor's key. PEM. */
export async function endorse(issuer: Issuer, successor: x509.X509Certificate): Promise<string> {
  const publicKey = await successor.publicKey.export();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: successor.subject,
    issuer: issuer.certificate.subject,
    notBefore: backdated(),
    notAfter: issuer.certificate.notAfter,
    signingAlgorithm: ALGORITHM,
    publicKey,
    signingKey: issuer.privateKey,
    extensions: [...(await extensionsOfCa(publicKey)), await keyIdentifierOf(issuer)],
  });
  return certificate.toString("pem");
}

/** A leaf for a peer. @param lifetimeMs milliseconds from now. The gateway only calls; everybody else listens too. */
export async function issueLeaf(
  issuer: Issuer,
  peer: Peer,
  publicKey: CryptoKey,
  lifetimeMs: number,
  dnsNames: string[] = [],
) {
  const notAfter = new Date(Date.now() + lifetimeMs);
  const serial = newSerial();
  const { clientAuth, serverAuth } = x509.ExtendedKeyUsage;
  const isCaller = peer.kind === "service" && peer.name === "gateway";
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial,
    subject: `CN=${peer.kind === "instance" ? peer.instanceId : peer.name}`,
    issuer: issuer.certificate.subject,
    notBefore: backdated(),
    notAfter,
    signingAlgorithm: ALGORITHM,
    publicKey,
    signingKey: issuer.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(isCaller ? [clientAuth] : [clientAuth, serverAuth]),
      await keyIdentifierOf(issuer),
      new x509.SubjectAlternativeNameExtension([
        { type: "url", value: spiffeId(peer) },
        ...dnsNames.map((value) => ({ type: "dns" as const, value })),
      ]),
    ],
  });
  return { certificate: certificate.toString("pem"), serial, notAfter };
}

/**
 * The public key of a PKCS#10 request whose own signature proves possession (RFC 2986, section 3).
 * @throws ServiceError INVALID
 */
export async function publicKeyOfRequest(csr: string): Promise<CryptoKey> {
  try {
    const request = new x509.Pkcs10CertificateRequest(csr);
    if (!(await request.verify())) throw new Error("the signature does not match");
    return await request.publicKey.export({ name: "ECDSA", namedCurve: "P-256" }, ["verify"]);
  } catch (cause) {
    throw new ServiceError(
      "INVALID",
      "The certificate request is not valid. Send PKCS#10 in PEM with an ECDSA P-256 key, signed by that key.",
      {
        cause,
        fields: [{ path: "csr", message: "Send PKCS#10 in PEM with an ECDSA P-256 key." }],
      },
    );
  }
}
