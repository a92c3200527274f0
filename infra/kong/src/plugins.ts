/** The plugins' settings. Kong runs exactly one setting of each plugin for a request: the most particular one. */
import type { Plan } from "@kombify/agent-contract";
import { PLAN_LIMITS } from "@kombify/api";
import type { NestedPlugin } from "./entities.ts";
import type { GatewaySettings } from "./settings.ts";

export const ANONYMOUS = "anonymous";
export const PLAN_PREFIX = "plan-";
export const PLANS = Object.keys(PLAN_LIMITS) as Plan[];

const redisOf = ({ host, port, tls, hasPassword }: GatewaySettings["redis"]) => ({
  host,
  port,
  ...(hasPassword ? { password: "{vault://env/kombify-redis-password}" } : {}),
  ssl: tls,
  ssl_verify: tls,
  ...(tls ? { server_name: host } : {}),
  timeout: 500,
  database: 0,
});

/** Requests a minute, counted in Redis by all nodes together. Without Redis people go on: an outage is no reason to refuse. */
export function rateLimit(
  settings: GatewaySettings,
  minute: number,
  by: { limit_by: "ip" } | { limit_by: "header"; header_name: string },
): NestedPlugin {
  const config = { minute, ...by, policy: "redis" as const, fault_tolerant: true, hide_client_headers: false };
  return { name: "rate-limiting", config: { ...config, redis: redisOf(settings.redis) } };
}

/** Each plan's limit is of the organisation and of every route together. A person without one is counted by address. */
export const planLimit = (settings: GatewaySettings, plan: Plan): NestedPlugin =>
  rateLimit(settings, PLAN_LIMITS[plan].requestsPerMinute, { limit_by: "header", header_name: "X-Org-ID" });

/**
 * Who brings no token that the gateway can read: browsers with cookies, and personal access tokens. The services know whose
 * they are and count them; here an address gets what the largest plan gets, so that no plan is cut short.
 */
export const anonymousLimit = (settings: GatewaySettings): NestedPlugin =>
  rateLimit(settings, PLAN_LIMITS.business.requestsPerMinute, { limit_by: "ip" });

export function identity(settings: GatewaySettings, mode: "strip" | "verify"): NestedPlugin {
  return {
    name: "kombify-identity",
    config: {
      mode,
      required: false,
      issuers: settings.issuers.map(({ issuer, jwksUri, audiences }) => ({ issuer, jwks_uri: jwksUri, audiences })),
      algorithms: ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA"],
      plan_claim: settings.planClaim,
      plans: PLANS,
      consumer_prefix: PLAN_PREFIX,
      anonymous_consumer: ANONYMOUS,
      realm: "kombify",
      leeway_seconds: 5,
      jwks_ttl_seconds: 300,
      jwks_cooldown_seconds: 10,
      jwks_stale_seconds: 86_400,
    },
  };
}

/** Exact origins. `*` together with credentials would let every site act for whoever visits it. */
export const cors = (origins: string[]): NestedPlugin => ({
  name: "cors",
  config: {
    origins,
    methods: ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS"],
    headers: ["Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "X-API-Key", "X-Tenant-ID"],
    exposed_headers: [
      "ETag",
      "RateLimit-Limit",
      "RateLimit-Remaining",
      "RateLimit-Reset",
      "Retry-After",
      "X-Request-ID",
    ],
    credentials: true,
    max_age: 600,
    preflight_continue: false,
  },
});

/**
 * For documents that are the same for everybody. Kong's key of an answer knows nothing of Authorization: with `cache_control`
 * a request that has one passes by the cache, and the headers of the identity are part of the key all the same.
 */
export const publicCache = (): NestedPlugin => ({
  name: "proxy-cache",
  config: {
    strategy: "memory",
    request_method: ["GET"],
    response_code: [200],
    // Compared as a whole, parameters included.
    content_type: ["application/json", "application/json; charset=utf-8"],
    cache_ttl: 300,
    cache_control: true,
    vary_headers: ["X-Org-ID", "X-User-ID", "X-Tenant-ID"],
  },
});

export const bodyLimit = (mebibytes: number): NestedPlugin => ({
  name: "request-size-limiting",
  config: { allowed_payload_size: mebibytes, size_unit: "megabytes", require_content_length: false },
});

export const metrics = (): NestedPlugin => ({
  name: "prometheus",
  config: {
    // Four consumers, the plans and nobody: a label that stays small.
    per_consumer: true,
    status_code_metrics: true,
    latency_metrics: true,
    bandwidth_metrics: true,
    upstream_health_metrics: true,
  },
});

/** What a client gets that asks for a path of our own processes: the same as for a path that never was. */
export const nothingThere = (): NestedPlugin => ({
  name: "request-termination",
  config: {
    status_code: 404,
    content_type: "application/problem+json",
    body: JSON.stringify({
      type: "https://kombify.io/problems/not-found",
      title: "Not found",
      status: 404,
      detail: "There is nothing here.",
      code: "NOT_FOUND",
    }),
  },
});
