import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { ROOT } from "./settings.ts";

/**
 * Builds what browsers load. Turborepo remembers what it built, so this takes seconds only after a change. It calls
 * its tasks through the package manager, which therefore starts it.
 * @throws Error with the output of the build.
 */
export async function buildPortals(): Promise<void> {
  const { packageManager } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8"));
  const child = spawn("npx", ["--yes", packageManager, "exec", "turbo", "run", "build", "--output-logs=errors-only"], {
    cwd: ROOT,
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1", NODE_ENV: "production" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  if (code !== 0) throw new Error(`The portals could not be built.\n${output}${errors}`);
}
