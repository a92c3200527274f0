/** The rendered configuration of Kong as one of nginx: the same routes in the order in which Kong would try them. */
import type { KongFile } from "../src/entities.ts";
import { type Candidate, candidates, pluginFor } from "../src/router.ts";

export type EdgeFiles = { home: string; luaPath: string; config: string };

export type NginxOptions = {
  file: KongFile;
  port: number;
  /** Where each of Kong's upstreams is, `https://127.0.0.1:3443`. */
  targets: Record<string, string>;
  files: EdgeFiles;
  tls: { certificate: string; key: string; authorities: string; serverName: string };
};

const MODULES = "/usr/lib/nginx/modules";

/** Prefixes come after regular expressions in Kong; in nginx too, as long as they are plain. */
function location({ path, route, service }: Candidate, targets: Record<string, string>): string {
  const match = path.startsWith("~") ? `~ "^${path.slice(1)}"` : path;
  if (!service) return `location ${match} { return 404; }`;
  const target = targets[service.host];
  if (!target) return `location ${match} { return 503; }`;
  const buffering = route.response_buffering === false ? "proxy_buffering off;" : "";
  return `location ${match} {
      set $upstream_x_forwarded_for "";
      access_by_lua_block { require("edge.edge").access("${route.name}") }
      ${buffering}
      proxy_pass ${target};
    }`;
}

function server(host: string, all: readonly Candidate[], options: NginxOptions): string {
  const own = all.filter((one) => one.route.hosts.includes(host));
  return `server {
    listen 127.0.0.1:${options.port};
    server_name ${host};
    ${own.map((one) => location(one, options.targets)).join("\n    ")}
    ${own.some((one) => one.path === "/") ? "" : "location / { return 404; }"}
  }`;
}

/** What the plugin is set to for each route, as Kong would choose it, and the names of the consumers. */
export function edgeConfig(file: KongFile): string {
  const identity = Object.fromEntries(
    candidates(file).map((one) => [one.route.name, pluginFor(file, one, "kombify-identity")?.config]),
  );
  return JSON.stringify({ identity, consumers: file.consumers.map((one) => one.username) });
}

export function nginxConf(options: NginxOptions): string {
  const { home, luaPath, config } = options.files;
  const all = candidates(options.file);
  const hosts = [...new Set(all.flatMap((one) => one.route.hosts))];
  const { certificate, key, authorities, serverName } = options.tls;
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (one) => `${one}_temp_path ${home}/${one};`,
  );
  return `daemon off;
worker_processes 1;
pid ${home}/nginx.pid;
error_log stderr warn;
${process.getuid?.() === 0 ? "user root;" : ""}
load_module ${MODULES}/ndk_http_module.so;
load_module ${MODULES}/ngx_http_lua_module.so;
events {}
http {
  access_log off;
  ${temporary.join("\n  ")}
  # As in Kong's own template: underscores reach us, and have to be dealt with.
  underscores_in_headers on;
  client_max_body_size 0;
  server_names_hash_bucket_size 128;
  lua_package_path "${luaPath};;";
  lua_ssl_trusted_certificate ${authorities};
  lua_ssl_verify_depth 2;
  init_by_lua_block { require("edge.edge").open("${config}") }
  header_filter_by_lua_block { require("edge.edge").show_consumer() }

  proxy_http_version 1.1;
  proxy_ssl_certificate ${certificate};
  proxy_ssl_certificate_key ${key};
  proxy_ssl_trusted_certificate ${authorities};
  proxy_ssl_verify on;
  proxy_ssl_verify_depth 1;
  proxy_ssl_name ${serverName};
  proxy_ssl_server_name on;
  proxy_ssl_protocols TLSv1.2 TLSv1.3;
  proxy_set_header Host $proxy_host;
  proxy_set_header Connection "";
  proxy_set_header X-Real-IP $remote_addr;
  proxy_set_header X-Forwarded-For $upstream_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto https;
  proxy_set_header X-Forwarded-Host $host;
  server { listen 127.0.0.1:${options.port} default_server; return 404; }
  ${hosts.map((host) => server(host, all, options)).join("\n  ")}
}
`;
}
