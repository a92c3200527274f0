import { mkdir, realpath, rm } from "node:fs/promises";
import { join } from "node:path";
import { choosePort, takeOwnership } from "@kombify/embedded-postgres";
import { type Program, programIn } from "./program.ts";
import { serve, stopLeftOver, stopServing } from "./server-process.ts";
import { prepareSuperuser, type Superuser, settleSuperuser } from "./superuser.ts";

export type PocketBaseOptions = {
  /** As `findPocketBase` gives it. */
  executable: string;
  /** Created when absent. PocketBase's own folder is `data` in it; nothing outside is read or written. */
  dataDir: string;
  /** A free one is chosen and remembered unless given. */
  port?: number;
  /** Receives PocketBase's output, line by line, without tokens. */
  log?: (line: string) => void;
  /** Told when PocketBase ends by itself, with why. It is not started again. */
  onExit?: (reason: string) => void;
};

export type PocketBaseServer = {
  /** Its address, on 127.0.0.1. */
  url: string;
  pid: number;
  /** May do everything; its password is generated, and kept in `superuser.json` for this user only. */
  superuser: Superuser;
  /** Resolves when PocketBase is gone and the folder is free. */
  stop(): Promise<void>;
};

const inUse = (folder: string, pid: number): string =>
  `The PocketBase in ${folder} is in use by process ${pid}. Stop that process, or use another folder.`;

/** Somebody else may take a free port before PocketBase does; then another one is tried. */
const TRIES = 3;

async function serveSomewhere(program: Program, { port: wanted }: PocketBaseOptions, log: (line: string) => void) {
  for (let i = 1; ; i++) {
    const port = await choosePort(join(program.dataDir, "port"), wanted, "PocketBase");
    try {
      return { port, child: await serve(program, port, log) };
    } catch (error) {
      const isTaken = error instanceof Error && error.message.includes("address already in use");
      if (wanted !== undefined || !isTaken || i === TRIES) throw error;
      await rm(join(program.dataDir, "port"), { force: true });
    }
  }
}

/**
 * Runs a real PocketBase on 127.0.0.1 with its data in a folder. A PocketBase that a dead owner left behind is stopped
 * first.
 * @throws Error when another living process owns the folder, when the port asked for is taken, or with PocketBase's own
 *   words when it does not start.
 */
export async function startPocketBase(options: PocketBaseOptions): Promise<PocketBaseServer> {
  const log = options.log ?? (() => undefined);
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  const dataDir = await realpath(options.dataDir);
  const release = await takeOwnership(join(dataDir, "data"), (_, pid) => inUse(dataDir, pid));
  try {
    const program = programIn(options.executable, dataDir);
    await stopLeftOver(dataDir, log);
    const prepared = await prepareSuperuser(program);
    const { child, port } = await serveSomewhere(program, options, log);
    let stopping: Promise<void> | undefined;
    const killOnExit = () => child.kill("SIGTERM");
    process.on("exit", killOnExit);
    const stop = (): Promise<void> => {
      stopping ??= stopServing(child).finally(() => {
        process.off("exit", killOnExit);
        return release();
      });
      return stopping;
    };
    child.once("exit", (code, signal) => {
      if (!stopping) options.onExit?.(`PocketBase ended by itself (${signal ?? `exit code ${code}`})`);
    });
    const url = `http://127.0.0.1:${port}`;
    try {
      return { url, pid: child.pid as number, superuser: await settleSuperuser(program, url, prepared), stop };
    } catch (error) {
      await stop();
      throw error;
    }
  } catch (error) {
    await release();
    throw error;
  }
}
