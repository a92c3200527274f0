import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";

/** What the tests need beyond npm packages, where it stands once installed, and the variable that names another one. */
const NEEDED: { package: string; olderOrNewerName?: string; paths: string[]; variable?: string }[] = [
  {
    package: "chromium",
    paths: ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"],
    variable: "CHROMIUM_PATH",
  },
  { package: "redis-server", paths: ["/usr/bin/redis-server", "/usr/local/bin/redis-server"] },
  // The gateway's plugin. nginx's Lua module and the plain LuaJIT exclude each other where OpenResty's has a package of its own.
  { package: "luajit2", olderOrNewerName: "luajit", paths: ["/usr/bin/luajit"] },
  { package: "lua-cjson", paths: ["/usr/share/lua/5.1/cjson/util.lua"] },
  { package: "nginx-light", paths: ["/usr/sbin/nginx"] },
  { package: "libnginx-mod-http-lua", paths: ["/usr/lib/nginx/modules/ngx_http_lua_module.so"] },
];

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function isDebian(): Promise<boolean> {
  const release = await readFile("/etc/os-release", "utf8").catch(() => "");
  return /^ID(_LIKE)?=.*debian/m.test(release);
}

async function aptGet(args: string[]): Promise<void> {
  const child = spawn("apt-get", ["-q", "-y", ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  if (code !== 0) throw new Error(`apt-get ${args.join(" ")} ended with ${code}.\n${output}${errors}`);
}

/** A package as this release of Debian calls it. */
async function nameHere(part: (typeof NEEDED)[number]): Promise<string> {
  if (part.olderOrNewerName === undefined) return part.package;
  const isKnown = await aptGet(["install", "--simulate", "--no-install-recommends", part.package]).then(
    () => true,
    () => false,
  );
  return isKnown ? part.package : part.olderOrNewerName;
}

/**
 * Installs what is missing when we are root on Debian.
 * @returns a line for each part that is still missing, saying how to get it.
 */
export async function ensureSystemPackages(): Promise<string[]> {
  const missing: typeof NEEDED = [];
  for (const part of NEEDED) {
    if (part.variable && process.env[part.variable]) continue;
    const found = await Promise.all(part.paths.map(exists));
    if (!found.includes(true)) missing.push(part);
  }
  if (missing.length === 0) return [];
  if (process.getuid?.() === 0 && (await isDebian())) {
    await aptGet(["update"]);
    await aptGet(["install", "--no-install-recommends", ...(await Promise.all(missing.map(nameHere)))]);
    return [];
  }
  return missing.map(({ package: name, variable }) => {
    const other = variable ? `, or set ${variable}` : "; tests that need it are skipped";
    return `${name} is missing: install it (Debian: apt-get install ${name})${other}`;
  });
}
