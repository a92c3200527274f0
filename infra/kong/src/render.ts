/** The whole configuration of the gateway, from its settings and from the tables that the services answer from. */
import type { KongFile, NestedPlugin, Route, Service } from "./entities.ts";
import { GATEWAY_CERTIFICATE_ID } from "./ids.ts";
import {
  type Audience,
  type GatewayPath,
  INTERNAL_PATHS,
  otherPaths,
  type PageRoute,
  pagePaths,
  restPaths,
  stackKitPaths,
} from "./paths.ts";
import {
  ANONYMOUS,
  anonymousLimit,
  bodyLimit,
  cors,
  identity,
  metrics,
  nothingThere,
  PLAN_PREFIX,
  PLANS,
  planLimit,
  publicCache,
  rateLimit,
} from "./plugins.ts";
import type { GatewaySettings } from "./settings.ts";
import { authorityId, connection, upstream, upstreamName } from "./upstreams.ts";

/** The pages of both portals, as their own route tables name them. */
export type Pages = Record<Audience, readonly PageRoute[]>;

const TAG = "kombify";
const CONSUMERS = [...PLANS.map((plan) => `${PLAN_PREFIX}${plan}`), ANONYMOUS];

/** Over HTTP a client is sent to HTTPS; 308 keeps method and body (RFC 9110, section 15.4.9). */
const HTTPS_ONLY = { protocols: ["https" as const], https_redirect_status_code: 308 as const };

function routeOf(service: string, hosts: string[], path: GatewayPath, tags: string[]): Route {
  const plugins: NestedPlugin[] = [
    ...(path.bodyMebibytes === undefined ? [] : [bodyLimit(path.bodyMebibytes)]),
    ...(path.isPublicDocument ? [publicCache()] : []),
  ];
  return {
    name: `${service}-${path.name}`,
    ...HTTPS_ONLY,
    hosts,
    paths: [path.path],
    ...(path.priority === undefined ? {} : { regex_priority: path.priority }),
    strip_path: false,
    preserve_host: false,
    ...(path.isStream ? { response_buffering: false } : {}),
    tags,
    ...(plugins.length > 0 ? { plugins } : {}),
  };
}

type Part = { service: string; upstream: string; hosts: string[]; paths: GatewayPath[]; plugins?: NestedPlugin[] };

/** The services of Cloud, Admin and StackKits. Of each portal the pages are a service of their own: they come with cookies. */
function parts(settings: GatewaySettings, pages: Pages): Part[] {
  const { hosts, portalOrigins, upstreams } = settings;
  const cloudHosts = [hosts.app, hosts.api];
  const api = (origins: string[]): NestedPlugin[] => [identity(settings, "verify"), cors(origins)];
  return [
    {
      service: "cloud",
      upstream: "cloud",
      hosts: cloudHosts,
      paths: [...restPaths("cloud"), ...otherPaths("cloud")],
      plugins: api(portalOrigins.cloud),
    },
    { service: "cloud-pages", upstream: "cloud", hosts: [hosts.app], paths: pagePaths(pages.cloud) },
    {
      service: "stackkits",
      upstream: upstreams.stackkits ? "stackkits" : "cloud",
      hosts: cloudHosts,
      paths: stackKitPaths(),
      plugins: api(portalOrigins.cloud),
    },
    {
      service: "admin",
      upstream: "admin",
      hosts: [hosts.admin],
      paths: [...restPaths("admin"), ...otherPaths("admin")],
      plugins: api(portalOrigins.admin),
    },
    { service: "admin-pages", upstream: "admin", hosts: [hosts.admin], paths: pagePaths(pages.admin) },
  ];
}

const protocolOf = (url: URL): "http" | "https" => (url.protocol === "https:" ? "https" : "http");

/** A Stack answers on all of its host: its console, its API, and what clients of an older Stack still call. */
function stackEntities(settings: GatewaySettings) {
  return settings.instances.map(({ name, environment, url: text, serverName }) => {
    const url = new URL(text);
    const protocol = protocolOf(url);
    const service = `stack-${name}`;
    const hosts = [`${name}.${settings.stackDomain}`];
    const tags = [TAG, "stack", environment];
    const target = `${url.hostname}:${url.port || (protocol === "https" ? 443 : 80)}`;
    return {
      upstream: upstream(service, { protocol, targets: [target], serverName: serverName ?? url.hostname }, tags),
      service: {
        name: service,
        host: upstreamName(service),
        ...connection(settings, protocol),
        tags,
        routes: [routeOf(service, hosts, { name: "all", path: "/", isStream: true }, tags)],
      } satisfies Service,
      closed: {
        ...routeOf(service, hosts, { name: "internal", path: "", priority: 100 }, tags),
        paths: INTERNAL_PATHS,
        plugins: [nothingThere()],
      } satisfies Route,
    };
  });
}

/**
 * Few attempts by address, for whomever the gateway takes the caller. A consumer's limit takes the place of a route's, so that
 * each route needs one with every consumer; otherwise a plan would buy three thousand passwords a minute.
 */
function attemptLimits(settings: GatewaySettings, all: readonly Part[]): KongFile["plugins"] {
  return all.flatMap(({ service, paths }) =>
    paths.flatMap(({ name, attemptsPerMinute }) => {
      if (attemptsPerMinute === undefined) return [];
      const limit = rateLimit(settings, attemptsPerMinute, { limit_by: "ip" });
      const route = `${service}-${name}`;
      return [
        { ...limit, route, tags: [TAG] },
        ...CONSUMERS.map((consumer) => ({ ...limit, route, consumer, tags: [TAG] })),
      ];
    }),
  );
}

/** What a gateway without a database loads. */
export function renderKong(settings: GatewaySettings, pages: Pages): KongFile {
  const tags = [TAG];
  const all = parts(settings, pages);
  const stacks = stackEntities(settings);
  const { cloud, admin, stackkits } = settings.upstreams;
  return {
    _format_version: "3.0",
    certificates: [
      {
        id: GATEWAY_CERTIFICATE_ID,
        cert: "{vault://env/kombify-gateway-certificate}",
        key: "{vault://env/kombify-gateway-key}",
        tags,
      },
    ],
    ca_certificates: settings.certificateAuthorities.map((pem) => ({
      id: authorityId(pem),
      cert: `${pem.trim()}\n`,
      tags,
    })),
    upstreams: [
      upstream("cloud", { protocol: "https", ...cloud }, tags),
      upstream("admin", { protocol: "https", ...admin }, tags),
      ...(stackkits ? [upstream("stackkits", { protocol: "https", ...stackkits }, tags)] : []),
      ...stacks.map((stack) => stack.upstream),
    ],
    services: [
      ...all.map(
        (part): Service => ({
          name: part.service,
          host: upstreamName(part.upstream),
          ...connection(settings, "https"),
          tags,
          routes: part.paths.map((path) => routeOf(part.service, part.hosts, path, tags)),
          ...(part.plugins ? { plugins: part.plugins } : {}),
        }),
      ),
      ...stacks.map((stack) => stack.service),
    ],
    routes: stacks.map((stack) => stack.closed),
    consumers: [
      ...PLANS.map((plan) => ({ username: `${PLAN_PREFIX}${plan}`, tags, plugins: [planLimit(settings, plan)] })),
      { username: ANONYMOUS, tags, plugins: [anonymousLimit(settings)] },
    ],
    plugins: [
      // For every route that there is or will be: who adds one and forgets this still strips.
      { ...identity(settings, "strip"), tags },
      { ...bodyLimit(1), tags },
      { ...metrics(), tags },
      ...attemptLimits(settings, all),
    ],
  };
}

/** The same for a gateway with PostgreSQL, as `deck gateway sync` takes it: only what carries our tag is touched. */
export const renderKongForDatabase = (settings: GatewaySettings, pages: Pages): KongFile => ({
  ...renderKong(settings, pages),
  _info: { select_tags: [TAG] },
});
