/**
 * SPIFFE identities inside kombify (https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md).
 * They are compared by parsed, exact match on the single URI SAN of a certificate, never by prefix or common name.
 */
import type { PeerCertificate } from "node:tls";

export const TRUST_DOMAIN = "kombify";
export const SERVICE_NAMES = ["cloud", "admin", "gateway"] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** Who stands at the other end of an mTLS connection. */
export type Peer = { kind: "instance"; instanceId: string } | { kind: "service"; name: ServiceName };

const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const INSTANCE = new RegExp(`^spiffe://${TRUST_DOMAIN}/instance/(${UUID})$`);
const SERVICE = new RegExp(`^spiffe://${TRUST_DOMAIN}/service/(${SERVICE_NAMES.join("|")})$`);

/** The SPIFFE id of a peer: `spiffe://kombify/instance/<uuid>` or `spiffe://kombify/service/<name>`. */
export function spiffeId(peer: Peer): string {
  return peer.kind === "instance"
    ? `spiffe://${TRUST_DOMAIN}/instance/${peer.instanceId}`
    : `spiffe://${TRUST_DOMAIN}/service/${peer.name}`;
}

/** Parses a SPIFFE id; null for anything that is not exactly one of ours. */
export function parseSpiffeId(uri: string): Peer | null {
  const instance = INSTANCE.exec(uri);
  if (instance?.[1]) return { kind: "instance", instanceId: instance[1] };
  const service = SERVICE.exec(uri);
  if (service?.[1]) return { kind: "service", name: service[1] as ServiceName };
  return null;
}

/**
 * The peer named by a verified TLS client certificate. A certificate with no URI SAN, or with more than one, names
 * nobody (SPIFFE X.509-SVID, section 2: exactly one URI SAN).
 * @param certificate what `socket.getPeerCertificate()` gave on a connection whose chain was verified.
 */
export function peerOfCertificate(certificate: PeerCertificate | undefined): Peer | null {
  const uris = (certificate?.subjectaltname ?? "")
    .split(", ")
    .filter((name) => name.startsWith("URI:"))
    .map((name) => name.slice("URI:".length));
  return uris.length === 1 && uris[0] ? parseSpiffeId(uris[0]) : null;
}
