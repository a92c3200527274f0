import "reflect-metadata";
import { createPrivateKey, webcrypto, X509Certificate } from "node:crypto";
import { type CertificateGrant, type Peer, peerOfCertificate, ServiceError } from "@kombify/agent-contract";
import { cryptoProvider, PemConverter, Pkcs10CertificateRequestGenerator } from "@peculiar/x509";

const P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

cryptoProvider.set(webcrypto);

/** A fresh P-256 key and the PKCS#10 request that proves we hold it. Both PEM. The subject means nothing. */
export async function createSigningRequest(): Promise<{ key: string; csr: string }> {
  const keys = await webcrypto.subtle.generateKey(P256, true, ["sign", "verify"]);
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: "CN=kombify stack-agent",
    keys,
    signingAlgorithm: P256,
  });
  const key = PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  return { key, csr: request.toString("pem") };
}

/** The one of ours that a certificate names; null for any other certificate. */
export const peerOf = (certificate: X509Certificate): Peer | null => peerOfCertificate(certificate.toLegacyObject());

/**
 * Checks a certificate before it replaces a working one.
 * @throws ServiceError UPSTREAM when it is not for our key, not from a CA of its own bundle, or not for the instance.
 */
export function checkGrant(grant: CertificateGrant, privateKeyPem: string): void {
  const leaf = new X509Certificate(grant.certificate);
  const peer = peerOf(leaf);
  const isIssued = grant.caBundle.some((pem) => {
    const ca = new X509Certificate(pem);
    return leaf.checkIssued(ca) && leaf.verify(ca.publicKey);
  });
  if (!isIssued)
    throw new ServiceError("UPSTREAM", "The control plane sent a certificate that none of its CAs issued.");
  if (peer?.kind !== "instance" || peer.instanceId !== grant.instanceId)
    throw new ServiceError("UPSTREAM", "The control plane sent a certificate for another instance.");
  if (!leaf.checkPrivateKey(createPrivateKey(privateKeyPem)))
    throw new ServiceError("UPSTREAM", "The control plane sent a certificate for another key.");
}
