import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { type Peer, peerOfCertificate } from "@kombify/agent-contract";

const peers = new WeakMap<Socket, Peer>();

/**
 * Remembers who stands at the other end of a connection. Somebody is named only when the certificate chain verified
 * against our CA: `rejectUnauthorized` is false so that a host can join, which makes this check the wall.
 */
export function identifyPeer(socket: TLSSocket): Peer | null {
  const peer = socket.authorized ? peerOfCertificate(socket.getPeerCertificate()) : null;
  if (peer) peers.set(socket, peer);
  return peer;
}

/** The verified peer of a connection; null for plain HTTP, for no certificate, and for one that did not verify. */
export const peerOfSocket = (socket: Socket): Peer | null => peers.get(socket) ?? null;
