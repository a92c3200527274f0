/** Where requests go: the processes behind the gateway, their health, and who the gateway is to them. */
import type { Service, Upstream } from "./entities.ts";
import { GATEWAY_CERTIFICATE_ID, idOf } from "./ids.ts";
import type { GatewaySettings } from "./settings.ts";

/** Kong's defaults are 0 everywhere, which means that nothing is checked. */
function healthchecks(protocol: "http" | "https", serverName: string): Upstream["healthchecks"] {
  return {
    active: {
      type: protocol,
      http_path: "/ready",
      timeout: 2,
      concurrency: 4,
      ...(protocol === "https" ? { https_sni: serverName } : {}),
      // Against lua_ssl_trusted_certificate, where our certificate authority has to stand: a probe has no CA of its own.
      https_verify_certificate: true,
      healthy: { interval: 5, http_statuses: [200], successes: 2 },
      unhealthy: {
        interval: 5,
        http_statuses: [429, 500, 502, 503, 504],
        http_failures: 2,
        tcp_failures: 2,
        timeouts: 2,
      },
    },
    passive: {
      type: protocol,
      healthy: { http_statuses: [200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308], successes: 3 },
      // 500 is not among them: one request that breaks must not take a process away from everybody.
      unhealthy: { http_statuses: [502, 503, 504], http_failures: 5, tcp_failures: 2, timeouts: 3 },
    },
  };
}

export const upstreamName = (service: string): string => `${service}.kombify.upstream`;

type Place = { protocol: "http" | "https"; targets: string[]; serverName: string };

export function upstream(service: string, { protocol, targets, serverName }: Place, tags: string[]): Upstream {
  return {
    name: upstreamName(service),
    algorithm: "round-robin",
    ...(protocol === "https" ? { host_header: serverName, client_certificate: GATEWAY_CERTIFICATE_ID } : {}),
    healthchecks: healthchecks(protocol, serverName),
    tags,
    targets: targets.map((target) => ({ target, weight: 100, tags })),
  };
}

export const authorityId = (pem: string): string => idOf(`ca:${pem.replace(/\s/g, "")}`);

/** What every service has; over TLS the gateway shows its certificate and checks the other's against our authority. */
export function connection(
  settings: GatewaySettings,
  protocol: "http" | "https",
): Omit<Service, "name" | "host" | "routes"> {
  return {
    protocol,
    // Targets carry their own ports.
    port: protocol === "https" ? 443 : 80,
    retries: 2,
    connect_timeout: 5000,
    write_timeout: 60_000,
    // Live streams say something every 15 s.
    read_timeout: 60_000,
    ...(protocol === "https"
      ? {
          client_certificate: GATEWAY_CERTIFICATE_ID,
          tls_verify: true,
          tls_verify_depth: 1,
          ca_certificates: settings.certificateAuthorities.map(authorityId),
        }
      : {}),
  };
}
