import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { openapiDocument, PLAN_LIMITS } from "@kombify/api";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type KongFile, kongFileSchema } from "./entities.ts";
import { gatewayFiles } from "./files.ts";
import { readPages } from "./pages.ts";
import { restPaths } from "./paths.ts";
import type { publicCache } from "./plugins.ts";
import { renderKong } from "./render.ts";
import { matchRoutes, pluginFor } from "./router.ts";
import { readSettings } from "./settings.ts";

const FOLDER = new URL("..", import.meta.url);
const example = JSON.parse(await readFile(new URL("example.json", FOLDER), "utf8"));
const settings = readSettings(example);
const pages = await readPages();
const file = renderKong(settings, pages);
const { app, api, admin } = settings.hosts;

const allRoutes = file.services.flatMap((service) => service.routes.map((route) => ({ route, service })));
const allPlugins = [
  ...file.plugins,
  ...file.consumers.flatMap((consumer) => consumer.plugins),
  ...file.services.flatMap((service) => [
    ...(service.plugins ?? []),
    ...service.routes.flatMap((one) => one.plugins ?? []),
  ]),
];

describe("the files in the repository", () => {
  it.each(["kong.yml", "kong-db.yml"] as const)("%s is what the rendering gives (pnpm kong:render)", async (name) => {
    const text = await readFile(new URL(name, FOLDER), "utf8");
    expect(text).toBe((await gatewayFiles(settings))[name]);
  });

  it.each(["kong.yml", "kong-db.yml"])("%s has nothing that Kong does not know", async (name) => {
    kongFileSchema.parse(parse(await readFile(new URL(name, FOLDER), "utf8")));
  });

  it("with a database there are the same entities, and a tag for deck", async () => {
    const [plain, database] = await Promise.all(
      ["kong.yml", "kong-db.yml"].map(async (name) => parse(await readFile(new URL(name, FOLDER), "utf8"))),
    );
    expect(database).toEqual({ ...plain, _info: { select_tags: ["kombify"] } });
  });

  it("no key and no password is in them", async () => {
    const text = await readFile(new URL("kong.yml", FOLDER), "utf8");
    expect(text).not.toMatch(/PRIVATE KEY/);
    expect(text.match(/(password|key): .*/g)?.filter((line) => !line.includes("{vault://env/"))).toEqual([]);
  });

  it("a field that Kong does not know is found", () => {
    expect(() => kongFileSchema.parse({ ...file, consumer_groups: [] })).toThrow(/consumer_groups/);
  });
});

it("names are unique, and what is referred to is there", () => {
  const unique = (names: string[]) => expect(names).toEqual([...new Set(names)]);
  const routes = [...allRoutes.map((one) => one.route.name), ...file.routes.map((route) => route.name)];
  unique(routes);
  unique(file.services.map((service) => service.name));
  unique(file.upstreams.map((one) => one.name));
  for (const service of file.services) expect(file.upstreams.map((one) => one.name)).toContain(service.host);
  for (const plugin of file.plugins) {
    if (plugin.route) expect(routes).toContain(plugin.route);
    if (plugin.consumer) expect(file.consumers.map((one) => one.username)).toContain(plugin.consumer);
  }
  const authorities = file.ca_certificates.map((one) => one.id);
  for (const service of file.services)
    for (const id of service.ca_certificates ?? []) expect(authorities).toContain(id);
});

type Paths = { paths: Record<string, Record<string, { security?: unknown[] }>> };
const documents = {
  cloud: openapiDocument("cloud", `https://${app}`),
  admin: openapiDocument("admin", `https://${admin}`),
};
const pathsIn = (audience: "cloud" | "admin") => Object.entries((documents[audience] as Paths).paths);
const concrete = (template: string) => template.replace(/\{\w+\}/g, "0198f0c2-7c1e-7a55-b3a1-2f6d1c0a9b10");

/** The one route that Kong takes; a second of the same priority would make it a matter of luck. */
function onlyRoute(host: string, path: string, of: KongFile = file) {
  const [winner, second] = matchRoutes(of, host, path);
  if (winner && second) expect(winner.priority, `${path} on ${host}`).not.toBe(second.priority);
  return winner;
}

describe("what is routed", () => {
  it.each(pathsIn("cloud"))("Cloud's %s, on both of its hosts", (template) => {
    for (const host of [app, api])
      expect(onlyRoute(host, concrete(template))?.service?.name).toBe(
        template.startsWith("/v1/stackkits") ? "stackkits" : "cloud",
      );
    expect(onlyRoute(admin, concrete(template))?.service?.name).not.toBe("cloud");
  });

  it.each(pathsIn("admin"))("Admin's %s, and on no host of Cloud", (template) => {
    expect(onlyRoute(admin, concrete(template))?.service?.name).toBe("admin");
    const isAlsoCloud = pathsIn("cloud").some(([other]) => other === template);
    for (const host of [app, api]) if (!isAlsoCloud) expect(matchRoutes(file, host, concrete(template))).toEqual([]);
  });

  it.each([
    [app, "/", "cloud-pages"],
    [app, "/_root.data", "cloud-pages"],
    [app, "/homelab", "cloud-pages"],
    [app, "/homelab.data", "cloud-pages"],
    [app, "/h/anna", "cloud-pages"],
    [app, "/assets/entry-1.js", "cloud-pages"],
    [app, "/trpc/tenants.get", "cloud"],
    [api, "/v1/stacks/01890a5d-ac96-774b-bcce-b302099a8057", "cloud"],
    [api, "/v1/portal/health", "cloud"],
    [api, "/v1/stackkits/home/download", "stackkits"],
    [api, "/openapi.json", "cloud"],
    [app, "/api/auth/oidc/callback", "cloud"],
    [api, "/api/webhooks/zitadel", "cloud"],
    [admin, "/", "admin-pages"],
    [admin, "/instances/stack-1", "admin-pages"],
    ["stack-1.stacks.kombify.example", "/sso/callback", "stack-stack-1"],
    ["stack-1.stacks.kombify.example", "/api/collections/stacks/records", "stack-stack-1"],
    ["stack-staging.stacks.kombify.example", "/", "stack-stack-staging"],
  ])("%s%s goes to %s", (host, path, service) => {
    expect(onlyRoute(host, path)?.service?.name).toBe(service);
  });

  const internal = [
    "/api/internal",
    "/api/internal/sso/exchange",
    "/api/internal/feature-flags/anna",
    "/api/internal/hint",
    "/api/agent/join",
    "/api/agent/desired",
    "/api/agent/events",
    "/metrics",
    "/metrics/",
    "/ready",
  ];
  const hosts = [app, api, admin, ...settings.instances.map((one) => `${one.name}.${settings.stackDomain}`)];
  it.each(hosts.flatMap((host) => internal.map((path) => [host, path] as const)))(
    "%s%s reaches nobody",
    (host, path) => {
      const winner = onlyRoute(host, path);
      expect(winner?.service ?? null).toBeNull();
      if (winner) expect(pluginFor(file, winner, "request-termination")?.config.status_code).toBe(404);
    },
  );

  it.each([
    [api, "/"],
    [api, "/homelab"],
    [api, "/api/admin/instances"],
    [api, "/api/tenant/anna/activity/more"],
    [app, "/api/tenantx"],
    ["attacker.example", "/"],
    ["stack-9.stacks.kombify.example", "/"],
  ])("%s%s is not there", (host, path) => {
    expect(matchRoutes(file, host, path)).toEqual([]);
  });

  it("paths of agents are never in the table of a portal", () => {
    const table = [{ path: "/api/agent/desired", audiences: ["agent"] }];
    expect([...restPaths("cloud", table), ...restPaths("admin", table)]).toEqual([]);
  });
});

describe("identity", () => {
  it("every route strips what clients say of themselves, and only the API's look at tokens", () => {
    for (const one of allRoutes) {
      const isApi = ["cloud", "admin", "stackkits"].includes(one.service.name);
      expect(pluginFor(file, one, "kombify-identity")?.config.mode, one.route.name).toBe(isApi ? "verify" : "strip");
    }
    expect(file.plugins.find((one) => one.name === "kombify-identity" && !one.route)?.config).toMatchObject({
      mode: "strip",
    });
  });

  it("no consumer has an identity plugin of its own, which would take the place of the route's", () => {
    for (const plugin of allPlugins)
      if (plugin.name === "kombify-identity") expect(plugin).not.toHaveProperty("consumer");
  });
});

describe("limits", () => {
  it.each(Object.entries(PLAN_LIMITS))(
    "plan %s has its requests a minute, by organisation",
    (plan, { requestsPerMinute }) => {
      const consumer = file.consumers.find((one) => one.username === `plan-${plan}`);
      expect(consumer?.plugins).toMatchObject([
        {
          name: "rate-limiting",
          config: {
            minute: requestsPerMinute,
            limit_by: "header",
            header_name: "X-Org-ID",
            policy: "redis",
            fault_tolerant: true,
            hide_client_headers: false,
          },
        },
      ]);
    },
  );

  it.each([
    "cloud-api-auth-login",
    "cloud-api-auth-register",
    "cloud-webhooks",
    "admin-api-auth-login",
    "cloud-pages-page-login",
  ])(
    "%s has its own limit by address for every consumer, since a consumer's limit would replace a route's",
    (route) => {
      const limits = file.plugins.filter((one) => one.name === "rate-limiting" && one.route === route);
      expect(limits.map((one) => one.consumer).sort()).toEqual(
        [...file.consumers.map((one) => one.username), undefined].sort(),
      );
      for (const limit of limits) expect(limit.config).toMatchObject({ limit_by: "ip", policy: "redis" });
    },
  );

  it("bodies are 1 MiB, flags 4 and StackKits 64", () => {
    const sizeOf = (host: string, path: string, of: KongFile = file) => {
      const winner = onlyRoute(host, path, of);
      const config = winner && pluginFor(of, winner, "request-size-limiting")?.config;
      return config?.size_unit === "megabytes" ? config.allowed_payload_size : undefined;
    };
    expect(sizeOf(api, "/api/tenant")).toBe(1);
    expect(sizeOf(app, "/signup")).toBe(1);
    expect(sizeOf(api, "/v1/stackkits/home")).toBe(64);
    const [flags] = restPaths("admin", [{ path: "/api/admin/flags/{key}", audiences: ["admin"] }]);
    expect(flags?.bodyMebibytes).toBe(4);
  });
});

/** Kong's key of a cached answer (`proxy-cache/cache_key.lua`): Authorization is not part of it. */
function cacheKey(config: ReturnType<typeof publicCache>["config"], route: string, headers: Record<string, string>) {
  if (!("vary_headers" in config)) throw new Error("not a cache");
  const varied = config.vary_headers.flatMap((name) => {
    const value = headers[name.toLowerCase()];
    return value === undefined ? [] : [`${name}=${value}`];
  });
  const text = `${route}|GET|/openapi.json||${varied.join(":")}`;
  return createHash("sha256").update(text).digest("hex");
}

describe("the cache", () => {
  const caches = allRoutes.flatMap(({ route }) =>
    (route.plugins ?? []).filter((one) => one.name === "proxy-cache").map((one) => ({ route, one })),
  );

  it("is on public documents alone", () => {
    expect(caches.map(({ route }) => route.paths)).toEqual([["~/openapi\\.json$"], ["~/openapi\\.json$"]]);
    expect(allPlugins.filter((one) => one.name === "proxy-cache")).toHaveLength(caches.length);
  });

  it("never crosses organisations, people or tenants, and is passed by whoever sends a token", () => {
    const people: Record<string, string>[] = [
      {},
      { "x-org-id": "a", "x-user-id": "1" },
      { "x-org-id": "a", "x-user-id": "2" },
      { "x-org-id": "b", "x-user-id": "1" },
      { "x-tenant-id": "anna" },
      { "x-tenant-id": "bob" },
    ];
    for (const { route, one } of caches) {
      expect(one.config).toMatchObject({ cache_control: true, request_method: ["GET"] });
      const keys = people.map((headers) => cacheKey(one.config as never, route.name, headers));
      expect(new Set(keys).size).toBe(people.length);
    }
  });
});

describe("cors", () => {
  it("answers the pages of the same portal, by exact origin, and never everybody", () => {
    const origins = file.services.flatMap((service) =>
      (service.plugins ?? []).flatMap((one) => (one.name === "cors" ? [[service.name, one.config.origins]] : [])),
    );
    expect(origins).toEqual([
      ["cloud", [`https://${app}`]],
      ["stackkits", [`https://${app}`]],
      ["admin", [`https://${admin}`]],
    ]);
  });

  it.each(["*", "https://*.kombify.example", "https://app.kombify.example/", "https://(a|b).example"])(
    "%s is no origin",
    (origin) => {
      expect(() => readSettings({ ...example, portalOrigins: { cloud: [origin], admin: [origin] } })).toThrow(/origin/);
    },
  );
});

describe("upstreams", () => {
  it.each(file.upstreams.map((one) => [one.name, one] as const))(
    "%s is asked for its health, and its answers are looked at",
    (_name, one) => {
      const { active, passive } = one.healthchecks;
      expect(active).toMatchObject({ type: "https", http_path: "/ready", https_verify_certificate: true });
      for (const number of [
        active.healthy.interval,
        active.unhealthy.interval,
        active.healthy.successes,
        active.unhealthy.http_failures,
        active.unhealthy.tcp_failures,
        active.unhealthy.timeouts,
        passive.healthy.successes,
        passive.unhealthy.http_failures,
        passive.unhealthy.tcp_failures,
        passive.unhealthy.timeouts,
      ])
        expect(number).toBeGreaterThan(0);
    },
  );

  it("the gateway shows its certificate to each service and checks the other's", () => {
    for (const service of file.services)
      expect(service).toMatchObject({
        protocol: "https",
        client_certificate: file.certificates[0]?.id,
        tls_verify: true,
      });
  });

  it("the name in the other's certificate is the service's, wherever it runs", () => {
    const nameOf = (name: string) => {
      const one = file.upstreams.find((other) => other.name === `${name}.kombify.upstream`);
      expect(one?.healthchecks.active.https_sni).toBe(one?.host_header);
      return one?.host_header;
    };
    expect([nameOf("cloud"), nameOf("admin"), nameOf("stack-stack-1")]).toEqual([
      "localhost",
      "localhost",
      "stack-1.internal",
    ]);
  });

  it("a Stack without TLS gets no settings of TLS, which Kong would refuse", () => {
    const plain = renderKong(
      readSettings({ ...example, instances: [{ name: "stack-1", url: "http://10.0.0.4:3100" }] }),
      pages,
    );
    const service = plain.services.find((one) => one.name === "stack-stack-1");
    expect(service).not.toHaveProperty("tls_verify");
    expect(service).not.toHaveProperty("client_certificate");
    kongFileSchema.parse(plain);
  });

  it("two certificate authorities are trusted while one replaces the other", () => {
    const [first] = settings.certificateAuthorities;
    const second = first?.replace("MIIB", "MIIC") ?? "";
    const both = renderKong(readSettings({ ...example, certificateAuthorities: [first, second] }), pages);
    expect(both.ca_certificates).toHaveLength(2);
    expect(both.services[0]?.ca_certificates).toEqual(both.ca_certificates.map((one) => one.id));
  });

  it("staging instances are there, and tagged", () => {
    expect(file.services.find((one) => one.name === "stack-stack-staging")?.tags).toContain("staging");
  });
});

it("metrics are told by status, latency, bandwidth and health", () => {
  expect(file.plugins.find((one) => one.name === "prometheus")?.config).toEqual({
    per_consumer: true,
    status_code_metrics: true,
    latency_metrics: true,
    bandwidth_metrics: true,
    upstream_health_metrics: true,
  });
});

describe.each(["kong.conf", "kong-db.conf"])("%s", (name) => {
  const read = async (): Promise<Record<string, string>> => {
    const text = await readFile(new URL(name, FOLDER), "utf8");
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    return Object.fromEntries(lines.map((line) => line.split(/\s*=\s*/, 2) as [string, string]));
  };

  it("loads our plugin, and shows the Admin API to this machine alone", async () => {
    const conf = await read();
    expect(conf).toMatchObject({
      plugins: "bundled,kombify-identity",
      lua_package_path: "/opt/kombify/?.lua;;",
      admin_listen: "127.0.0.1:8001",
      status_listen: "0.0.0.0:8100",
      real_ip_header: "X-Forwarded-For",
      real_ip_recursive: "on",
      trusted_ips: "",
      router_flavor: "traditional_compatible",
    });
    expect(conf.database).toBe(name === "kong.conf" ? "off" : "postgres");
    expect(Object.keys(conf).filter((key) => /password/.test(key))).toEqual([]);
  });
});
