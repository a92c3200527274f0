import type { ChildProcess } from "node:child_process";
import { mkdir, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { findBinaries } from "./binaries.ts";
import { openCluster } from "./cluster.ts";
import { choosePort } from "./free-port.ts";
import { takeOwnership } from "./owner-lock.ts";
import { type ServerOptions, startServer, stopLeftOver, stopServer } from "./postmaster.ts";
import { chooseRunAs } from "./run-as.ts";

export type PostgresOptions = {
  /** Created when absent. Beside it: `<dataDir>.password`, `.port`, `.owner`. */
  dataDir: string;
  /** A free one is chosen and remembered unless given. */
  port?: number;
  /** Receives the server's log, line by line. */
  log?: (line: string) => void;
  /** For tests: nothing is flushed to the disk, so a crash of the machine loses everything. */
  ephemeral?: boolean;
  /** Configuration parameters beyond ours, as in postgresql.conf. */
  settings?: Record<string, string>;
};

export type EmbeddedPostgres = {
  /** The superuser's address of a database. The superuser passes row-level security: not for applications. */
  url(database: string): string;
  superuserUrl: string;
  port: number;
  /** Fast shutdown; resolves when the server is gone and the folder is free. */
  stop(): Promise<void>;
};

const EPHEMERAL_SETTINGS = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" };
const SETTINGS = { max_connections: "200", timezone: "UTC", log_timezone: "UTC", lc_messages: "C" };
const RESTART_FIRST_MS = 200;
const RESTART_LONGEST_MS = 10_000;

/** Keeps one server running until told to stop: one that dies is started again, and recovers by its own log. */
async function superviseServer(options: ServerOptions): Promise<() => Promise<void>> {
  let isStopping = false;
  let child: ChildProcess = await startServer(options);
  let restarting: Promise<void> = Promise.resolve();
  const killOnExit = () => child.kill("SIGINT");
  process.on("exit", killOnExit);

  const restart = async (): Promise<void> => {
    for (let waitMs = RESTART_FIRST_MS; !isStopping; waitMs = Math.min(waitMs * 2, RESTART_LONGEST_MS)) {
      await delay(waitMs);
      if (isStopping) return;
      try {
        child = await startServer(options);
        watch();
        return;
      } catch (error) {
        options.log(error instanceof Error ? error.message : String(error));
      }
    }
  };
  const watch = (): void => {
    child.once("exit", (code, signal) => {
      if (isStopping) return;
      options.log(`the server ended by itself (${signal ?? `exit code ${code}`}) and is started again`);
      restarting = restart();
    });
  };
  watch();

  return async () => {
    isStopping = true;
    await restarting;
    await stopServer(child);
    process.off("exit", killOnExit);
  };
}

/**
 * Runs a real PostgreSQL on 127.0.0.1 with its data in a folder. It survives restarts and crashes: a server that a dead
 * owner left behind is stopped first, and one that dies meanwhile is started again.
 * @throws Error when another living process owns the folder, when the port asked for is taken, or with the server's own
 *   words when it does not start.
 */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const log = options.log ?? (() => undefined);
  const parent = dirname(resolve(options.dataDir));
  await mkdir(parent, { recursive: true });
  const dataDir = join(await realpath(parent), basename(resolve(options.dataDir)));
  const release = await takeOwnership(dataDir);
  try {
    const { binaries, runAs } = await chooseRunAs(await findBinaries(), dirname(dataDir));
    await stopLeftOver(dataDir, log);
    const password = await openCluster(dataDir, { binaries, runAs, isEphemeral: options.ephemeral ?? false });
    const port = await choosePort(`${dataDir}.port`, options.port);
    const url = (database: string) =>
      `postgres://postgres:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`;
    const settings = { ...SETTINGS, ...(options.ephemeral ? EPHEMERAL_SETTINGS : {}), ...options.settings };
    const stopServerForGood = await superviseServer({
      dataDir,
      binaries,
      runAs,
      settings,
      port,
      url: url("postgres"),
      log,
    });
    let stopping: Promise<void> | undefined;
    const stop = (): Promise<void> => {
      stopping ??= stopServerForGood().finally(release);
      return stopping;
    };
    return { url, superuserUrl: url("postgres"), port, stop };
  } catch (error) {
    await release();
    throw error;
  }
}
