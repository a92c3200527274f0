/**
 * The worker: every job of the product by name, and the sweep that judges heartbeats. Any number of workers may run on
 * one database; a job runs once, and sweeping twice changes nothing.
 */
import type { Database } from "@kombify/db";
import type { Logger } from "@kombify/server";
import { Logger as QueueLogger, run } from "graphile-worker";
import { z } from "zod";
import type { Capabilities, VerbContext } from "./context.ts";
import { SWEEP_INTERVAL_MS, sweepConnections } from "./fleet/sweep.ts";
import type { MailDelivery } from "./mail/delivery.ts";
import { pruneMails, sendMail } from "./mail/send-mail.ts";
import { placeWaitingTenants } from "./tenants/create-tenant.ts";

const mailJobSchema = z.object({ id: z.uuid() });

export interface Worker {
  stop(): Promise<void>;
}

export async function startWorker(options: {
  db: Database;
  workerDatabaseUrl: string;
  can: Capabilities;
  log: Logger;
  /** Where mail goes; it waits until that is said. */
  mail?: MailDelivery;
}): Promise<Worker> {
  const { db, log, mail = { kind: "none" } } = options;
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
    // At a quiet hour, in UTC.
    crontab: "17 3 * * * prune-mails",
    taskList: {
      "send-mail": (payload) => sendMail(contextOf("send-mail"), mail, mailJobSchema.parse(payload).id),
      "prune-mails": async () => {
        const pruned = await pruneMails(contextOf("prune-mails"));
        if (pruned > 0) log.info({ pruned }, "old mails were deleted");
      },
      "place-waiting-tenants": async () => {
        const placed = await placeWaitingTenants(contextOf("place-waiting-tenants"));
        if (placed > 0) log.info({ placed }, "waiting tenants were placed");
      },
    },
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
      await runner.stop();
    },
  };
}
