import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import postgres from "postgres";
import type { Binaries } from "./binaries.ts";
import { isServerOf } from "./process-identity.ts";
import type { RunAs } from "./run-as.ts";

export type ServerOptions = {
  dataDir: string;
  binaries: Binaries;
  runAs: RunAs;
  /** Configuration parameters, as in postgresql.conf. */
  settings: Record<string, string>;
  port: number;
  /** Where the server is asked whether it answers. */
  url: string;
  log: (line: string) => void;
};

const POLL_MS = 25;
/** Recovery after a crash replays the log first, which may take long on a slow disk. */
const READY_TIMEOUT_MS = 120_000;
const FAST_SHUTDOWN_MS = 30_000;
/** A killed server's children need a moment to notice; until then its shared memory counts as in use. */
const MEMORY_RETRY_MS = 10_000;
const TAIL_LINES = 20;

/** The server that a pid file names and that still runs; null otherwise. */
async function runningServer(dataDir: string): Promise<number | null> {
  try {
    const pid = Number((await readFile(join(dataDir, "postmaster.pid"), "utf8")).split("\n")[0]);
    return pid > 0 && (await isServerOf(pid, dataDir)) ? pid : null;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

/** Stops a server that a dead owner left behind: fast shutdown, then immediate. */
export async function stopLeftOver(dataDir: string, log: (line: string) => void): Promise<void> {
  const pid = await runningServer(dataDir);
  if (pid === null) return;
  log(`stopping the server that an earlier process left behind (pid ${pid})`);
  for (const signal of ["SIGINT", "SIGQUIT", "SIGKILL"] as const) {
    process.kill(pid, signal);
    for (let waited = 0; waited < FAST_SHUTDOWN_MS / 3; waited += POLL_MS) {
      if (!(await isServerOf(pid, dataDir))) return;
      await delay(POLL_MS);
    }
  }
  throw new Error(`The server that an earlier process left behind (pid ${pid}) does not stop. End it by hand.`);
}

async function answers(url: string): Promise<boolean> {
  const sql = postgres(url, { max: 1, connect_timeout: 2, onnotice: () => undefined });
  try {
    await sql`select 1`;
    return true;
  } catch {
    // Not yet: the caller asks again until the process ends or the time is over.
    return false;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

async function launch(options: ServerOptions): Promise<{ child: ChildProcess; tail: string[] }> {
  const { binaries, dataDir, log, port, runAs } = options;
  const settings = { ...options.settings, port: String(port), listen_addresses: "127.0.0.1" };
  const args = Object.entries({ ...settings, unix_socket_directories: "" }).flatMap(([k, v]) => ["-c", `${k}=${v}`]);
  const { file, args: whole, ...ids } = runAs.command(binaries.postgres, ["-D", dataDir, ...args]);
  // A session of its own: Ctrl-C in a terminal reaches us alone, and we stop the database last.
  const child = spawn(file, whole, {
    ...ids,
    cwd: "/",
    detached: true,
    env: { PATH: process.env.PATH, LC_ALL: "C" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const tail: string[] = [];
  if (child.stderr)
    createInterface(child.stderr).on("line", (line) => {
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
      log(line);
    });
  await once(child, "spawn");
  return { child, tail };
}

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

/**
 * Starts the server and waits until it answers.
 * @throws Error with the last lines of its log when it ends before.
 */
export async function startServer(options: ServerOptions): Promise<ChildProcess> {
  const startedAt = Date.now();
  for (;;) {
    const { child, tail } = await launch(options);
    while (isRunning(child)) {
      if (await answers(options.url)) return child;
      if (Date.now() - startedAt > READY_TIMEOUT_MS) {
        child.kill("SIGQUIT");
        throw new Error(`PostgreSQL did not answer within ${READY_TIMEOUT_MS / 1000} s.\n${tail.join("\n")}`);
      }
      await delay(POLL_MS);
    }
    const isMemoryInUse = tail.some((line) => line.includes("pre-existing shared memory block"));
    if (!isMemoryInUse || Date.now() - startedAt > MEMORY_RETRY_MS)
      throw new Error(`PostgreSQL ended while starting.\n${tail.join("\n")}`);
    await delay(POLL_MS * 4);
  }
}

/** Fast shutdown: open transactions are rolled back, everything is written, then the server is gone. */
export async function stopServer(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return;
  const exited = once(child, "exit");
  child.kill("SIGINT");
  const force = setTimeout(() => child.kill("SIGQUIT"), FAST_SHUTDOWN_MS);
  await exited.finally(() => clearTimeout(force));
}
