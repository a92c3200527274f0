import { peerOfCertificate, ServiceError, type ServiceName } from "@kombify/agent-contract";
import { Agent } from "undici";

export type TlsIdentity = { key?: string; certificate?: string; caBundle: string[] };

/**
 * Connections to one of our services, whatever its host name: the chain must lead to our CA, and the certificate must
 * name the service by its SPIFFE id.
 */
export function serviceAgent(identity: TlsIdentity, service: ServiceName): Agent {
  return new Agent({
    connect: {
      ...(identity.key && identity.certificate ? { key: identity.key, cert: identity.certificate } : {}),
      ca: identity.caBundle,
      minVersion: "TLSv1.3",
      timeout: 5_000,
      // A resumed session skips the check below.
      maxCachedSessions: 0,
      checkServerIdentity: (_host, certificate) => {
        const peer = peerOfCertificate(certificate);
        return peer?.kind === "service" && peer.name === service
          ? undefined
          : new ServiceError("UPSTREAM", `The server's certificate is not that of kombify's ${service} service.`);
      },
    },
    connections: 8,
    headersTimeout: 15_000,
    bodyTimeout: 15_000,
    keepAliveTimeout: 30_000,
  });
}
