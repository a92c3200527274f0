/**
 * Kong's entities, as far as we write them (Kong OSS 3.9, declarative format 3.0). Strict: a field that is not here is a
 * mistake, and Kong would refuse the whole file for it. There are no consumer groups: they are not in the OSS edition.
 */
import { z } from "zod";

const uuid = z.uuid();
const tags = z.array(z.string()).optional();
const nameSchema = z.string().regex(/^[A-Za-z0-9._~-]+$/);
const seconds = z.number().min(0).max(65_535);
const count = z.number().int().min(0);
const statuses = z.array(z.number().int().min(100).max(999));
const protocols = z.array(z.enum(["http", "https"])).optional();

const redisSchema = z.strictObject({
  host: z.string(),
  port: z.number().int(),
  password: z.string().startsWith("{vault://env/").optional(),
  ssl: z.boolean(),
  ssl_verify: z.boolean(),
  server_name: z.string().optional(),
  timeout: z.number().int(),
  database: z.number().int(),
});

const rateLimiting = z.strictObject({
  name: z.literal("rate-limiting"),
  config: z.strictObject({
    minute: z.number().positive(),
    limit_by: z.enum(["consumer", "credential", "ip", "service", "header", "path"]),
    header_name: z.string().optional(),
    // "cluster" is refused without a database.
    policy: z.enum(["local", "redis"]),
    fault_tolerant: z.boolean(),
    hide_client_headers: z.boolean(),
    redis: redisSchema,
  }),
});
const cors = z.strictObject({
  name: z.literal("cors"),
  config: z.strictObject({
    origins: z.array(z.string()).min(1),
    methods: z.array(z.enum(["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "TRACE", "CONNECT"])),
    headers: z.array(z.string()),
    exposed_headers: z.array(z.string()),
    credentials: z.boolean(),
    max_age: z.number(),
    preflight_continue: z.boolean(),
  }),
});
const proxyCache = z.strictObject({
  name: z.literal("proxy-cache"),
  config: z.strictObject({
    strategy: z.literal("memory"),
    request_method: z.array(z.enum(["HEAD", "GET"])),
    response_code: z.array(z.number().int()),
    content_type: z.array(z.string()),
    cache_ttl: z.number().int().positive(),
    cache_control: z.boolean(),
    vary_headers: z.array(z.string()),
  }),
});
const requestSize = z.strictObject({
  name: z.literal("request-size-limiting"),
  config: z.strictObject({
    allowed_payload_size: z.number().int(),
    size_unit: z.enum(["bytes", "kilobytes", "megabytes"]),
    require_content_length: z.boolean(),
  }),
});
const prometheus = z.strictObject({
  name: z.literal("prometheus"),
  config: z.strictObject({
    per_consumer: z.boolean(),
    status_code_metrics: z.boolean(),
    latency_metrics: z.boolean(),
    bandwidth_metrics: z.boolean(),
    upstream_health_metrics: z.boolean(),
  }),
});
const termination = z.strictObject({
  name: z.literal("request-termination"),
  config: z.strictObject({ status_code: z.number().int(), content_type: z.string(), body: z.string() }),
});
/** Ours: infra/kong/plugins/kombify-identity/schema.lua says the same. */
const kombifyIdentity = z.strictObject({
  name: z.literal("kombify-identity"),
  config: z.strictObject({
    mode: z.enum(["strip", "verify"]),
    required: z.boolean(),
    issuers: z.array(z.strictObject({ issuer: z.string(), jwks_uri: z.url(), audiences: z.array(z.string()).min(1) })),
    algorithms: z.array(z.enum(["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA"])),
    plan_claim: z.string(),
    plans: z.array(z.string()).min(1),
    consumer_prefix: z.string(),
    anonymous_consumer: z.string(),
    realm: z.string(),
    leeway_seconds: z.number().int().min(0).max(60),
    jwks_ttl_seconds: z.number().int().positive(),
    jwks_cooldown_seconds: z.number().int().positive(),
    jwks_stale_seconds: z.number().int().positive(),
  }),
});
const kinds = [rateLimiting, cors, proxyCache, requestSize, prometheus, termination, kombifyIdentity] as const;

const nestedPlugin = z.discriminatedUnion("name", kinds);
export type NestedPlugin = z.output<typeof nestedPlugin>;

const scope = { route: z.string().optional(), service: z.string().optional(), consumer: z.string().optional(), tags };
const plugin = z.discriminatedUnion("name", [
  rateLimiting.extend(scope),
  cors.extend(scope),
  proxyCache.extend(scope),
  requestSize.extend(scope),
  prometheus.extend(scope),
  termination.extend(scope),
  kombifyIdentity.extend(scope),
]);

const route = z.strictObject({
  name: nameSchema,
  protocols,
  hosts: z.array(z.string()).min(1),
  paths: z.array(z.string().regex(/^~?\//)).min(1),
  regex_priority: z.number().int().min(0).optional(),
  strip_path: z.literal(false),
  preserve_host: z.boolean(),
  https_redirect_status_code: z.union([z.literal(426), z.literal(301), z.literal(302), z.literal(307), z.literal(308)]),
  request_buffering: z.boolean().optional(),
  response_buffering: z.boolean().optional(),
  tags,
  plugins: z.array(nestedPlugin).optional(),
});
export type Route = z.output<typeof route>;

const service = z
  .strictObject({
    name: nameSchema,
    protocol: z.enum(["http", "https"]),
    host: z.string(),
    port: z.number().int(),
    retries: count,
    connect_timeout: count,
    write_timeout: count,
    read_timeout: count,
    client_certificate: uuid.optional(),
    tls_verify: z.boolean().optional(),
    tls_verify_depth: z.number().int().min(0).max(64).optional(),
    ca_certificates: z.array(uuid).optional(),
    tags,
    routes: z.array(route).min(1),
    plugins: z.array(nestedPlugin).optional(),
  })
  // Kong refuses the four where there is no TLS.
  .refine((one) => one.protocol === "https" || one.tls_verify === undefined, "TLS settings on a service without TLS");
export type Service = z.output<typeof service>;

const upstream = z.strictObject({
  name: z.string().regex(/^[a-z0-9.-]+$/),
  algorithm: z.enum(["round-robin", "least-connections", "consistent-hashing", "latency"]),
  /** Host header and name in the TLS handshake, which is what the other's certificate is checked against. */
  host_header: z.string().optional(),
  client_certificate: uuid.optional(),
  healthchecks: z.strictObject({
    active: z.strictObject({
      type: z.enum(["http", "https"]),
      http_path: z.string(),
      timeout: seconds,
      concurrency: count,
      https_sni: z.string().optional(),
      https_verify_certificate: z.boolean(),
      healthy: z.strictObject({ interval: seconds, http_statuses: statuses, successes: count }),
      unhealthy: z.strictObject({
        interval: seconds,
        http_statuses: statuses,
        http_failures: count,
        tcp_failures: count,
        timeouts: count,
      }),
    }),
    passive: z.strictObject({
      type: z.enum(["http", "https"]),
      healthy: z.strictObject({ http_statuses: statuses, successes: count }),
      unhealthy: z.strictObject({
        http_statuses: statuses,
        http_failures: count,
        tcp_failures: count,
        timeouts: count,
      }),
    }),
  }),
  tags,
  targets: z.array(z.strictObject({ target: z.string(), weight: z.number().int().min(0).max(65_535), tags })).min(1),
});
export type Upstream = z.output<typeof upstream>;

export const kongFileSchema = z.strictObject({
  _format_version: z.literal("3.0"),
  /** For `deck` alone: it touches nothing that does not carry these tags. */
  _info: z.strictObject({ select_tags: z.array(z.string()) }).optional(),
  // References into the environment, never a key.
  certificates: z.array(
    z.strictObject({
      id: uuid,
      cert: z.string().startsWith("{vault://env/"),
      key: z.string().startsWith("{vault://env/"),
      tags,
    }),
  ),
  ca_certificates: z.array(
    z.strictObject({ id: uuid, cert: z.string().startsWith("-----BEGIN CERTIFICATE-----"), tags }),
  ),
  upstreams: z.array(upstream),
  services: z.array(service),
  /** Routes without a service: what they catch goes nowhere. */
  routes: z.array(route),
  consumers: z.array(z.strictObject({ username: z.string(), tags, plugins: z.array(nestedPlugin) })),
  plugins: z.array(plugin),
});
export type KongFile = z.output<typeof kongFileSchema>;
