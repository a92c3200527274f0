import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { processStart } from "@kombify/embedded-postgres";
import type { Program } from "./program.ts";

const POLL_MS = 25;
/** Opening a data folder of an older version runs its migrations first. */
const READY_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 10_000;
const TAIL_LINES = 20;
/** A JSON Web Token, as in the address that PocketBase prints while it has no superuser. */
const TOKEN = /eyJ[\w-]+\.[\w-]+\.[\w-]+/g;

const pidFile = (dataDir: string): string => join(dataDir, "pocketbase.pid");
const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

/** Stops a PocketBase that a dead owner left behind. A pid counts only together with the start of its process. */
export async function stopLeftOver(dataDir: string, log: (line: string) => void): Promise<void> {
  const text = await readFile(pidFile(dataDir), "utf8").catch(() => "");
  const [pid = 0, start] = [Number(text.split("\n")[0]), text.split("\n")[1]];
  const isThere = async () => pid > 1 && start !== undefined && (await processStart(pid)) === start;
  if (!(await isThere())) return;
  log(`stopping the PocketBase that an earlier process left behind (pid ${pid})`);
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    process.kill(pid, signal);
    for (let waited = 0; waited < STOP_TIMEOUT_MS; waited += POLL_MS) {
      if (!(await isThere())) return;
      await delay(POLL_MS);
    }
  }
  throw new Error(`The PocketBase that an earlier process left behind (pid ${pid}) does not stop. End it by hand.`);
}

async function isHealthy(url: string): Promise<boolean> {
  return fetch(`${url}/api/health`, { signal: AbortSignal.timeout(2000) }).then(
    (answer) => answer.ok,
    () => false,
  );
}

/**
 * Runs PocketBase and waits until it answers.
 * @throws Error with the last lines of its output when it ends before, or does not answer.
 */
export async function serve(program: Program, port: number, log: (line: string) => void): Promise<ChildProcess> {
  const args = ["serve", `--http=127.0.0.1:${port}`, ...program.args];
  // A session of its own: Ctrl-C in a terminal reaches us alone, and we stop PocketBase last.
  const child = spawn(program.executable, args, {
    cwd: program.dataDir,
    env: program.env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const tail: string[] = [];
  // Its own word, because another process may answer at the same port.
  let hasStarted = false;
  for (const stream of [child.stdout, child.stderr])
    createInterface(stream).on("line", (line) => {
      const safe = line.replace(TOKEN, "[token]");
      tail.push(safe);
      hasStarted ||= safe.includes("Server started");
      if (tail.length > TAIL_LINES) tail.shift();
      log(safe);
    });
  await once(child, "spawn");
  try {
    await writeFile(pidFile(program.dataDir), `${child.pid}\n${await processStart(child.pid as number)}\n`);
    for (let waited = 0; isRunning(child); waited += POLL_MS) {
      if (hasStarted && (await isHealthy(`http://127.0.0.1:${port}`))) return child;
      if (waited > READY_TIMEOUT_MS) throw new Error(`PocketBase does not answer.\n${tail.join("\n")}`);
      await delay(POLL_MS);
    }
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  throw new Error(`PocketBase ended while starting.\n${tail.join("\n")}`);
}

/** Lets requests end, then PocketBase is gone. */
export async function stopServing(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const force = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await exited.finally(() => clearTimeout(force));
}
