/**
 * The worker: every job of the product by name, and the sweep that judges heartbeats. Any number of workers may run on
 * one database; a job runs once, and sweeping twice changes nothing.
 */
import { type Database, followAddress, readAddress } from "@kombify/db";
import type { Logger } from "@kombify/server";
import { Logger as QueueLogger, type Runner, run } from "graphile-worker";
import { z } from "zod";
import type { Capabilities, VerbContext } from "./context.ts";
import { applyScheduledChange, callLateChanges } from "./flags/apply-scheduled-change.ts";
import { pruneFlagDocuments } from "./flags/prune-documents.ts";
import { pruneFlags } from "./flags/prune-flags.ts";
import { SWEEP_INTERVAL_MS, sweepConnections } from "./fleet/sweep.ts";
import { pruneDenials } from "./identity/denials.ts";
import { pruneIdentity } from "./identity/prune.ts";
import type { MailDelivery } from "./mail/delivery.ts";
import { pruneMails, sendMail } from "./mail/send-mail.ts";
import type { Rotation } from "./rotations/rotation.ts";
import { runRotation } from "./rotations/run-rotation.ts";
import { lookAtRotations, ROTATION_LOOK_MS } from "./rotations/schedule.ts";
import { placeWaitingTenants } from "./tenants/create-tenant.ts";
import { processEvent } from "./webhooks/process-event.ts";

const ofOne = z.object({ id: z.uuid() });

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
  /** What is exchanged; default: all there is. */
  rotations?: readonly Rotation[];
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
      // At a quiet hour, in UTC.
      crontab: [
        "17 3 * * * prune-mails",
        "27 3 * * * prune-identity",
        "37 3 * * * prune-flag-documents",
        "47 3 * * * prune-flags",
      ].join("\n"),
      taskList: {
        "send-mail": (payload) => sendMail(contextOf("send-mail"), mail, ofOne.parse(payload).id),
        "prune-mails": async () => {
          const pruned = await pruneMails(contextOf("prune-mails"));
          if (pruned > 0) log.info({ pruned }, "old mails were deleted");
        },
        "prune-identity": () => pruneIdentity(contextOf("prune-identity")),
        "apply-flag-change": (payload) => applyScheduledChange(contextOf("apply-flag-change"), ofOne.parse(payload).id),
        "prune-flags": async () => {
          const pruned = await pruneFlags(contextOf("prune-flags"));
          if (pruned > 0) log.info({ pruned }, "old use and changes of flags were deleted");
        },
        "prune-flag-documents": () => pruneFlagDocuments(contextOf("prune-flag-documents")),
        "place-waiting-tenants": async () => {
          const placed = await placeWaitingTenants(contextOf("place-waiting-tenants"));
          if (placed > 0) log.info({ placed }, "waiting tenants were placed");
        },
        rotate: async (payload) => {
          await runRotation(contextOf("rotate"), ofOne.parse(payload), options.rotations);
        },
        "process-webhook": (payload) => processEvent(contextOf("process-webhook"), ofOne.parse(payload)),
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
    const context = contextOf("sweep-connections");
    sweeping = Promise.all([sweepConnections(context), pruneDenials(context.db)]).catch((error: unknown) => {
      if (!isStopping)
        log.error({ err: error }, "heartbeats could not be judged, or old denials removed; trying again");
    });
  }, SWEEP_INTERVAL_MS);

  let looking: Promise<unknown> = Promise.resolve();
  const look = () => {
    const { rotations: kinds } = options;
    looking = Promise.all([
      lookAtRotations(contextOf("look-at-rotations"), kinds ? { kinds } : {}),
      callLateChanges(contextOf("call-late-changes")),
    ]).catch((error: unknown) => {
      if (!isStopping) log.error({ err: error }, "the schedules could not be looked at; trying again");
    });
  };
  const rotationTimer = setInterval(look, ROTATION_LOOK_MS);
  // What a worker that died left behind goes on at once.
  look();

  return {
    async stop() {
      isStopping = true;
      clearInterval(timer);
      clearInterval(rotationTimer);
      await Promise.all([sweeping, looking]);
      await stopFollowing();
      await Promise.all([...retiring, runner.stop()]);
    },
  };
}
