/** What this machine has: Node, packages, browser, Docker, PocketBase, disk, readable secrets. */
import { createHash } from "node:crypto";
import { access, readFile, stat, statfs } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { foreseePocketBase } from "@kombify/embedded-pocketbase";
import { ROOT, type Settings } from "@kombify/scripts/settings";
import { broken, type Finding, ok, warning } from "./finding.ts";

const LOW_DISK_BYTES = 2 * 1024 ** 3;
const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const DOCKER_SOCKET = "/var/run/docker.sock";

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const readOr = (file: string): Promise<string> => readFile(file, "utf8").catch(() => "");

function node(): Finding {
  const major = Number(process.versions.node.split(".")[0]);
  if (major >= 24) return ok("Node", `${process.versions.node}, from the packages`);
  return broken("Node", `${process.versions.node} runs, 24 is needed`, "Remove node_modules and run `npm start`.");
}

async function packages(): Promise<Finding> {
  const hash = createHash("sha256");
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json"])
    hash.update(await readFile(join(ROOT, file)));
  const wanted = hash.update(`${process.platform}-${process.arch}`).digest("hex");
  const { packageManager } = JSON.parse(await readOr(join(ROOT, "package.json")));
  if ((await readOr(join(ROOT, "node_modules", ".kombify-installed"))) === wanted)
    return ok("Packages", `as the lockfile says, by ${packageManager}`);
  return warning("Packages", "not what the lockfile says", "The next `npm start` installs them.");
}

async function browser(): Promise<Finding> {
  const paths = process.env.CHROMIUM_PATH ? [process.env.CHROMIUM_PATH] : BROWSERS;
  for (const path of paths) if (await exists(path)) return ok("Chromium", path);
  const advice = "Only tests need it. Debian: apt-get install chromium. Elsewhere set CHROMIUM_PATH.";
  return warning("Chromium", "not found", advice);
}

function docker(): Promise<Finding> {
  const { promise, resolve } = Promise.withResolvers<Finding>();
  const socket = connect({ path: DOCKER_SOCKET });
  const advice = "Optional: only Sims need it. Install Docker Engine to run them.";
  socket.once("connect", () => resolve(ok("Docker", `answers at ${DOCKER_SOCKET}`)));
  socket.once("error", () => resolve(warning("Docker", `does not answer at ${DOCKER_SOCKET}`, advice)));
  return promise.finally(() => socket.destroy());
}

async function pocketBase(): Promise<Finding> {
  const { POCKETBASE_URL: url } = process.env;
  if (url) return ok("PocketBase", `the one at ${url}`);
  try {
    const { from, detail } = await foreseePocketBase();
    if (from === "machine") return ok("PocketBase", detail);
    const verb = from === "go" ? "built with" : "downloaded from";
    return ok("PocketBase", `none yet; the first that needs it has it ${verb} ${detail}`);
  } catch (error) {
    const [what = "", ...more] = String(error instanceof Error ? error.message : error).split("\n");
    return warning("PocketBase", what, `Optional. ${more.at(-1) ?? ""}`.trim());
  }
}

async function disk({ home }: Settings): Promise<Finding> {
  const { bavail, bsize } = await statfs((await exists(home)) ? home : ROOT);
  const gigabytes = `${((bavail * bsize) / 1024 ** 3).toFixed(1)} GB free`;
  if (bavail * bsize >= LOW_DISK_BYTES) return ok("Disk", gigabytes);
  return broken("Disk", gigabytes, "PostgreSQL stops when the disk is full. Make room, or move KOMBIFY_HOME.");
}

async function secrets({ home }: Settings): Promise<Finding> {
  const file = join(home, "secrets.json");
  if (!(await exists(file))) return warning("Secrets", "none yet", "`npm start` generates them.");
  const mode = (await stat(file)).mode & 0o777;
  if ((mode & 0o077) === 0) return ok("Secrets", `${file}, for its owner only`);
  return broken("Secrets", `${file} can be read by others (mode ${mode.toString(8)})`, `Run: chmod 600 ${file}`);
}

export async function examineMachine(settings: Settings): Promise<Finding[]> {
  return Promise.all([node(), packages(), disk(settings), secrets(settings), browser(), docker(), pocketBase()]);
}
