import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { ROOT } from "./settings.ts";

/**
 * Builds what browsers load. Turborepo remembers what it built, so this takes seconds only after a change. It calls
 * its tasks through the package manager, which therefore starts it; from the cache, so that a machine without a network
 * does not wait for one.
 * @param signal breaks the build off.
 * @throws Error with the output of the build.
 */
export async function buildPortals(signal?: AbortSignal): Promise<void> {
  const { packageManager } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
  const child = spawn(
    "npx",
    ["--yes", "--prefer-offline", packageManager, "exec", "turbo", "run", "build", "--output-logs=errors-only"],
    {
      cwd: ROOT,
      env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", NODE_ENV: "production" },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, so that the whole chain of package manager, Turborepo and bundlers can be ended at once.
      detached: signal !== undefined,
    },
  );
  signal?.addEventListener("abort", () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGTERM");
  });
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  if (code !== 0) throw new Error(`The portals could not be built.\n${output}${errors}`);
}
