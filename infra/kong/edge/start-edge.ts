/**
 * An edge for tests: nginx with the same Lua modules and the same routes that Kong has, where Kong itself cannot be had.
 * What of Kong it does not do: limits, CORS, cache and health checks. Its plugin and its way to the services are the real ones.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, connect as openSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readPages } from "../src/pages.ts";
import { renderKong } from "../src/render.ts";
import { type GatewaySettings, readSettings } from "../src/settings.ts";
import { upstreamName } from "../src/upstreams.ts";
import { makeLuaPath } from "./lua-path.ts";
import { edgeConfig, nginxConf } from "./nginx-conf.ts";

export type EdgeOptions = {
  /** Where the services' listeners for the gateway are, `https://localhost:3443`; Stacks by name. */
  upstreams: { cloud: string; admin: string; stacks?: Record<string, string> };
  issuers: GatewaySettings["issuers"];
  /** Who the edge is to the services, PEM, and whose certificates it believes. */
  tls: { cert: string; key: string; ca: string /** In the services' certificates. */; serverName?: string };
  /** Names under which it answers. */
  hosts?: GatewaySettings["hosts"];
  /** Shorter times than an installation has, so that a test need not wait for them. */
  jwks?: { ttlSeconds?: number; cooldownSeconds?: number };
};

export type Edge = {
  /** `http://127.0.0.1:<port>`; which service answers follows from the Host header. */
  url: string;
  port: number;
  hosts: GatewaySettings["hosts"];
  stackHost(name: string): string;
  stop(): Promise<void>;
};

const HOSTS = { app: "app.test", api: "api.test", admin: "admin.test" };
const STACK_DOMAIN = "stacks.test";
const PROGRAM = "/usr/sbin/nginx";

/** Whether nginx with its Lua module is on this machine (Debian: nginx-light, libnginx-mod-http-lua, lua-cjson). */
export const hasEdge = (): Promise<boolean> =>
  Promise.all([access(PROGRAM), access("/usr/lib/nginx/modules/ngx_http_lua_module.so")]).then(
    () => true,
    () => false,
  );

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (typeof address !== "object" || address === null) throw new Error("There is no free port.");
  return address.port;
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = openSocket({ port, host: "127.0.0.1" });
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("close", () => socket.destroy()).once("connect", () => socket.end());
  });

/** nginx wants a scheme, a host that needs no name server, and a port. */
function targetOf(text: string): string {
  const url = new URL(text);
  const host = url.hostname === "localhost" ? "127.0.0.1" : url.hostname;
  return `${url.protocol}//${host}:${url.port || (url.protocol === "https:" ? 443 : 80)}`;
}

function renderFor(options: EdgeOptions, pages: Awaited<ReturnType<typeof readPages>>) {
  const { upstreams, issuers, tls, jwks = {} } = options;
  const stacks = Object.entries(upstreams.stacks ?? {});
  const settings = readSettings({
    hosts: options.hosts ?? HOSTS,
    stackDomain: STACK_DOMAIN,
    portalOrigins: { cloud: ["https://app.test"], admin: ["https://admin.test"] },
    upstreams: { cloud: { targets: ["cloud.internal:1"] }, admin: { targets: ["admin.internal:1"] } },
    certificateAuthorities: tls.ca.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [],
    redis: { host: "redis.internal" },
    issuers,
    instances: stacks.map(([name, url]) => ({ name, url })),
  });
  const file = renderKong(settings, pages);
  for (const one of [...file.plugins, ...file.services.flatMap((service) => service.plugins ?? [])]) {
    if (one.name !== "kombify-identity") continue;
    one.config.jwks_ttl_seconds = jwks.ttlSeconds ?? one.config.jwks_ttl_seconds;
    one.config.jwks_cooldown_seconds = jwks.cooldownSeconds ?? one.config.jwks_cooldown_seconds;
  }
  const targets = Object.fromEntries([
    [upstreamName("cloud"), targetOf(upstreams.cloud)],
    [upstreamName("admin"), targetOf(upstreams.admin)],
    ...stacks.map(([name, url]) => [upstreamName(`stack-${name}`), targetOf(url)]),
  ]);
  return { file, targets, hosts: settings.hosts };
}

/** @throws Error with nginx's own words when it does not start. */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const home = await mkdtemp(join(tmpdir(), "kombify-edge-"));
  const port = await freePort();
  const { file, targets, hosts } = renderFor(options, await readPages());
  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(join(home, name), text, { mode: 0o600 });
    return join(home, name);
  };
  const conf = nginxConf({
    file,
    port,
    targets,
    files: { home, luaPath: await makeLuaPath(home), config: await write("edge.json", edgeConfig(file)) },
    tls: {
      certificate: await write("cert.pem", options.tls.cert),
      key: await write("key.pem", options.tls.key),
      authorities: await write("ca.pem", options.tls.ca),
      serverName: options.tls.serverName ?? "localhost",
    },
  });
  const nginx = spawn(PROGRAM, ["-e", "stderr", "-p", home, "-c", await write("nginx.conf", conf)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  nginx.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const exited = once(nginx, "exit");
  while (!(await answers(port))) {
    const isOver = await Promise.race([exited.then(() => true), new Promise((resolve) => setTimeout(resolve, 20))]);
    if (isOver) throw new Error(`The edge did not start.\n${said}`);
  }
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    hosts,
    stackHost: (name) => `${name}.${STACK_DOMAIN}`,
    async stop() {
      nginx.kill("SIGTERM");
      await exited;
      await rm(home, { recursive: true });
    },
  };
}
