/**
 * The worker: every job of the product by name, and the sweep that judges heartbeats. Any number of workers may run on
 * one database; a job runs once, and sweeping twice changes nothing.
 */
import type { Database } from "@kombify/db";
import type { Logger } from "@kombify/server";
import { Logger as QueueLogger, run } from "graphile-worker";
import type { Capabilities, VerbContext } from "./context.ts";
import { SWEEP_INTERVAL_MS, sweepConnections } from "./fleet/sweep.ts";
import { pruneDenials } from "./identity/denials.ts";
import { placeWaitingTenants } from "./tenants/create-tenant.ts";

export interface Worker {
  stop(): Promise<void>;
}

export async function startWorker(options: {
  db: Database;
  workerDatabaseUrl: string;
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

  const runner = await run({
    connectionString: options.workerDatabaseUrl,
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

  let isStopping = false;
  let sweeping: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    const context = contextOf("sweep-connections");
    sweeping = Promise.all([sweepConnections(context), pruneDenials(context.db)]).catch((error: unknown) => {
      if (!isStopping)
        log.error({ err: error }, "heartbeats could not be judged, or old denials removed; trying again");
    });
  }, SWEEP_INTERVAL_MS);

  return {
    async stop() {
      isStopping = true;
      clearInterval(timer);
      await sweeping;
      await runner.stop();
    },
  };
}
