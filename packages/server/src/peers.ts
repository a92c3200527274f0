import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { type Peer, peerOfCertificate } from "@kombify/agent-contract";

/** Who a verified client certificate names, and its serial number in lower-case hex, for looking up revocations. */
export type VerifiedPeer = { peer: Peer; serial: string };

const peers = new WeakMap<Socket, VerifiedPeer>();

/**
 * Remembers who stands at the other end of a connection. Somebody is named only when the certificate chain verified
 * against our CA: `rejectUnauthorized` is false so that a host can join, which makes this check the wall.
 */
export function identifyPeer(socket: TLSSocket): void {
  if (!socket.authorized) return;
  const certificate = socket.getPeerCertificate();
  const peer = peerOfCertificate(certificate);
  if (peer) peers.set(socket, { peer, serial: certificate.serialNumber.toLowerCase() });
}

/** The verified peer of a connection; null for plain HTTP, for no certificate, and for one that did not verify. */
export const peerOfSocket = (socket: Socket): VerifiedPeer | null => peers.get(socket) ?? null;
