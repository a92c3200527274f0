import { setTimeout as delay } from "node:timers/promises";
import type { Logger } from "./logger.ts";
import { drainAll } from "./shutdown.ts";

export type ProcessOptions = {
  name: string;
  log: Logger;
  /** Milliseconds for which requests are still taken after readiness has turned 503, for load balancers to notice. */
  drainMs?: number;
};

const DRAIN_MS = 250;
/** A stop that hangs must not keep the process for ever: container runtimes kill after 30 s. */
const STOP_TIMEOUT_MS = 25_000;

async function stopInReverse(stops: Array<() => Promise<void>>, log: Logger): Promise<boolean> {
  let isClean = true;
  for (const stop of stops.reverse()) {
    try {
      await stop();
    } catch (err) {
      isClean = false;
      log.error({ err }, "a part did not stop cleanly");
    }
  }
  return isClean;
}

/**
 * Runs a process from start to exit. SIGTERM or SIGINT: readiness turns 503, then what was started stops in reverse
 * order, then exit 0. The end of a supervisor that opened an IPC channel counts as a signal. A second signal, a failed
 * start, and an error that nobody caught exit with 1.
 * @param start called once; it registers with `onStop` whatever has to be closed, right after starting it.
 */
export function runProcess(
  { name, log, drainMs = DRAIN_MS }: ProcessOptions,
  start: (onStop: (stop: () => Promise<void>) => void) => Promise<void>,
): void {
  const stops: Array<() => Promise<void>> = [];
  let isStopping = false;

  const stop = async (reason: string): Promise<void> => {
    if (isStopping) {
      log.warn({ reason }, `${name} is told to stop again and exits at once`);
      process.exit(1);
    }
    isStopping = true;
    log.info({ reason }, `${name} stops`);
    setTimeout(() => {
      log.error(`${name} did not stop within ${STOP_TIMEOUT_MS / 1000} s`);
      process.exit(1);
    }, STOP_TIMEOUT_MS).unref();
    drainAll();
    await delay(drainMs);
    const isClean = await stopInReverse(stops, log);
    process.exit(isClean ? 0 : 1);
  };
  const fail = (err: unknown, what: string): void => {
    log.fatal({ err }, what);
    process.exit(1);
  };

  process.on("SIGTERM", () => void stop("SIGTERM"));
  process.on("SIGINT", () => void stop("SIGINT"));
  // Started with an IPC channel: the supervisor's death, SIGKILL included, must not leave this process behind.
  if (process.connected) process.on("disconnect", () => void stop("the supervisor is gone"));
  process.on("uncaughtException", (err) => fail(err, `${name} met an error that nobody caught`));
  process.on("unhandledRejection", (err) => fail(err, `${name} met an error that nobody caught`));
  start((fn) => stops.push(fn)).catch(async (err: unknown) => {
    log.fatal({ err }, `${name} did not start`);
    await stopInReverse(stops, log);
    process.exit(1);
  });
}
