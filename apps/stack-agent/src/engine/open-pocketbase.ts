/** The PocketBase of this host: one that runs already, or one of the agent's own, kept running. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ServiceError } from "@kombify/agent-contract";
import { findPocketBase, type PocketBaseServer, startPocketBase } from "@kombify/embedded-pocketbase";
import type { Logger } from "@kombify/server";
import type { PocketBaseAccess } from "../config.ts";
import type { PocketBaseLogin } from "./pocketbase/client.ts";

/** Milliseconds before a PocketBase that ended by itself is started again: the first wait, and the longest. */
const RESTART_MS = { first: 500, longest: 30_000 };

type OnStop = (stop: () => Promise<void>) => void;

/** Starts PocketBase at the port that it had last, and again whenever it ends by itself. */
async function keepRunning(executable: string, dataDir: string, log: Logger, onStop: OnStop): Promise<PocketBaseLogin> {
  const stopping = new AbortController();
  let server: PocketBaseServer;
  let restarting: Promise<void> = Promise.resolve();
  const start = async (port?: number): Promise<void> => {
    server = await startPocketBase({
      executable,
      dataDir,
      ...(port === undefined ? {} : { port }),
      log: (line) => log.debug({ line }, "pocketbase"),
      onExit: (reason) => {
        log.error({ reason }, "PocketBase is started again");
        restarting = restart(Number(new URL(server.url).port));
      },
    });
  };
  const restart = async (port: number): Promise<void> => {
    for (let wait = RESTART_MS.first; !stopping.signal.aborted; wait = Math.min(2 * wait, RESTART_MS.longest)) {
      await delay(wait, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      try {
        await server.stop();
        return await start(port);
      } catch (err) {
        log.error({ err }, "PocketBase could not be started again, trying once more");
      }
    }
  };
  await start();
  onStop(async () => {
    stopping.abort();
    await restarting;
    await server.stop();
  });
  const { url, superuser } = server!;
  return { url, ...superuser };
}

/**
 * Where the PocketBase of this host is, and its superuser.
 * @param onStop told how to stop it later, when it is the agent's own.
 * @throws ServiceError PRECONDITION with the ways to get a PocketBase, when none can be had.
 */
export async function openPocketBase(
  { home, access, log }: { home: string; access: PocketBaseAccess; log: Logger },
  onStop: OnStop,
): Promise<PocketBaseLogin> {
  if (access.remote) return access.remote;
  const env = access.bin ? { ...process.env, POCKETBASE_BIN: access.bin } : process.env;
  const executable = await findPocketBase({ env, say: (line) => log.info(line) }).catch((cause: unknown) => {
    throw new ServiceError("PRECONDITION", cause instanceof Error ? cause.message : String(cause));
  });
  return keepRunning(executable, join(home, "pocketbase"), log, onStop);
}
