/** For tests and measurements: a Redis of their own, which can be killed and come back. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";

function findProgram(name: string): string | null {
  for (const folder of [...(process.env.PATH ?? "").split(delimiter), "/usr/bin", "/usr/local/bin"])
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // The next folder may have it.
    }
  return null;
}

const PROGRAM = findProgram("redis-server");
/** Whether this machine has Redis; without it, tests are skipped and counted: `describe.skipIf(!hasRedis)`. */
export const hasRedis: boolean = PROGRAM !== null;

export interface TestRedis {
  url: string;
  /** Ends it at once, as a machine that is cut off. */
  kill(): Promise<void>;
  /** Starts it again on the same port, empty. */
  start(): Promise<void>;
  /** Stops it from answering without closing anything, and lets it go on. */
  pause(): void;
  resume(): void;
  drop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (!address || typeof address === "string") throw new Error("The system gave no free port.");
  return address.port;
}

async function untilItAnswers(url: string, child: ChildProcess): Promise<void> {
  const redis = new Redis(url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
  redis.on("error", () => undefined);
  try {
    const died = once(child, "exit").then(() => {
      throw new Error("redis-server ended by itself.");
    });
    await Promise.race([
      redis.ping(),
      died,
      delay(20_000).then(() => Promise.reject(new Error("Redis did not start."))),
    ]);
  } finally {
    redis.disconnect();
  }
}

/** Starts a Redis on a free port of this machine that keeps nothing. @throws Error where there is no redis-server. */
export async function startTestRedis(): Promise<TestRedis> {
  if (!PROGRAM) throw new Error("redis-server is missing: install it (Debian: apt-get install redis-server).");
  const program = PROGRAM;
  const folder = await mkdtemp(join(tmpdir(), "kombify-redis-"));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder];
  let child: ChildProcess;
  const start = async () => {
    child = spawn(program, args, { stdio: "ignore" });
    await untilItAnswers(url, child);
  };
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };
  await start();
  return {
    url,
    start,
    kill,
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    async drop() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
