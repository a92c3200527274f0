/**
 * The worker: every job of the product by name, and the sweep that judges heartbeats. Any number of workers may run on
 * one database; a job runs once, and sweeping twice changes nothing.
 */
import { type Database, followAddress, readAddress } from "@kombify/db";
import type { Logger } from "@kombify/server";
import { Logger as QueueLogger, type Runner, run } from "graphile-worker";
import type { Capabilities, VerbContext } from "./context.ts";
import { SWEEP_INTERVAL_MS, sweepConnections } from "./fleet/sweep.ts";
import { placeWaitingTenants } from "./tenants/create-tenant.ts";

export interface Worker {
  stop(): Promise<void>;
}

export async function startWorker(options: {
  db: Database;
  /** As the log-in role of the queue. */
  workerDatabaseUrl?: string | undefined;
  /** Holds that address, in its place, and is followed. */
  workerDatabaseUrlFile?: string | undefined;
  can: Capabilities;
  log: Logger;
}): Promise<Worker> {
  const { db, log } = options;
  const contextOf = (job: string): VerbContext => ({
    db: db.as({ kind: "system" }),
    actor: { kind: "system", id: null, name: "kombify" },
    request: { requestId: `job-${job}`, log: log.child({ job }), clientAddress: "" },
    can: options.can,
  });

  const file = options.workerDatabaseUrlFile;
  const url = file === undefined ? options.workerDatabaseUrl : await readAddress(file);
  if (url === undefined) throw new Error("The worker needs the address of its queue.");
  const start = (connectionString: string): Promise<Runner> =>
    run({
      connectionString,
      // Without batches the library does not wait for what it writes about a job that ended: a runner that stops at that
      // moment leaves it locked, and it would run again after four hours.
      preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
      concurrency: 4,
      pollInterval: 2_000,
      noHandleSignals: true,
      logger: new QueueLogger(() => (level, message) => {
        if (level === "error") log.error({ queue: message }, "the queue reports an error");
        else log.debug({ queue: message }, "queue");
      }),
      taskList: {
        "place-waiting-tenants": async () => {
          const placed = await placeWaitingTenants(contextOf("place-waiting-tenants"));
          if (placed > 0) log.info({ placed }, "waiting tenants were placed");
        },
      },
    });

  let runner = await start(url);
  /** Runners that were moved away from: each finishes its jobs, and takes no more. */
  const retiring = new Set<Promise<void>>();
  const stopFollowing =
    file === undefined
      ? async () => undefined
      : followAddress({
          file,
          current: url,
          async move(next) {
            const before = runner;
            runner = await start(next);
            const retired = before.stop().finally(() => retiring.delete(retired));
            retiring.add(retired);
          },
          onError: (err) => log.warn({ err }, "the new address of the queue does not work; trying again"),
        });

  let isStopping = false;
  let sweeping: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    sweeping = sweepConnections(contextOf("sweep-connections")).catch((error: unknown) => {
      if (!isStopping) log.error({ err: error }, "heartbeats could not be judged; trying again");
    });
  }, SWEEP_INTERVAL_MS);

  return {
    async stop() {
      isStopping = true;
      clearInterval(timer);
      await sweeping;
      await stopFollowing();
      await Promise.all([...retiring, runner.stop()]);
    },
  };
}
