import { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { type Peer, peerOfCertificate } from "@kombify/agent-contract";

/** Who a verified client certificate names, and its serial number in lower-case hex, for looking up revocations. */
export type VerifiedPeer = { peer: Peer; serial: string };

type Known = VerifiedPeer & { certificate: X509Certificate };

/** id-kp-clientAuth (RFC 5280, 4.2.1.12). */
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

const peers = new WeakMap<Socket, Known>();

/**
 * Remembers who stands at the other end of a connection. Somebody is named only when the certificate chain verified
 * against our CA: `rejectUnauthorized` is false so that a host can join, which makes this check the wall. OpenSSL refuses
 * a purpose other than a client's, but takes a certificate without any; ours always say theirs.
 */
export function identifyPeer(socket: TLSSocket): void {
  if (!socket.authorized) return;
  const certificate = socket.getPeerCertificate();
  const peer = peerOfCertificate(certificate);
  if (!peer || !certificate.ext_key_usage?.includes(CLIENT_AUTH)) return;
  const serial = certificate.serialNumber.toLowerCase();
  peers.set(socket, { peer, serial, certificate: new X509Certificate(certificate.raw) });
}

/**
 * The verified peer of a connection; null for plain HTTP, for no certificate, for one that did not verify, and for one
 * that has ended since: a connection may outlive the certificate that it was opened with.
 */
export function peerOfSocket(socket: Socket): VerifiedPeer | null {
  const known = peers.get(socket);
  return known && known.certificate.validToDate.getTime() > Date.now()
    ? { peer: known.peer, serial: known.serial }
    : null;
}

/** Whether a connection that was let in with a certificate could be opened anew with these CAs (PEM) alone. */
export function isTrusted(socket: Socket, cas: readonly string[]): boolean {
  const known = peers.get(socket);
  if (!known) return true;
  return cas.some((pem) => {
    const ca = new X509Certificate(pem);
    return known.certificate.checkIssued(ca) && known.certificate.verify(ca.publicKey);
  });
}
