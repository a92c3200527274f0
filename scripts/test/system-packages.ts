import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";

/** What the journeys need beyond npm packages, and where it stands once installed. */
const NEEDED = [
  { package: "chromium", paths: ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"] },
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

/**
 * Installs what is missing when we are root on Debian.
 * @returns a line for each part that is still missing, saying how to get it.
 */
export async function ensureSystemPackages(): Promise<string[]> {
  if (process.env.CHROMIUM_PATH) return [];
  const missing: string[] = [];
  for (const part of NEEDED) {
    const found = await Promise.all(part.paths.map(exists));
    if (!found.includes(true)) missing.push(part.package);
  }
  if (missing.length === 0) return [];
  if (process.getuid?.() === 0 && (await isDebian())) {
    await aptGet(["update"]);
    await aptGet(["install", "--no-install-recommends", ...missing]);
    return [];
  }
  return missing.map(
    (name) => `${name} is missing: install it (Debian: apt-get install ${name}), or set CHROMIUM_PATH`,
  );
}
