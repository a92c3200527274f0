/** One job from claim to end: lease, heartbeat, timeout, cancelling, and what becomes of it and of its stack. */
import { ServiceError } from "@kombify/agent-contract";
import type { Logger } from "@kombify/server";
import type { JobProgress, NamespaceStore } from "../engine/engine.ts";
import type { JobRecord, StackRecord } from "../engine/records.ts";
import { HANDLERS, type JobHandler } from "./handlers.ts";

/** A runner that says nothing for this long has lost its job. It speaks up three times in that span. */
export const LEASE_MS = 15_000;
/** No job on this host has work for longer; one that hangs is failed and not left running. */
const TIMEOUT_MS = 600_000;
const RETRY_DELAY_MS = 5_000;

class JobStopped extends Error {
  readonly reason: "canceled" | "lost" | "timeout";
  constructor(reason: JobStopped["reason"]) {
    super(`job ${reason}`);
    this.reason = reason;
  }
}

export type RunOptions = {
  store: NamespaceStore;
  owner: string;
  log: Logger;
  /** Called after every recorded change. */
  onProgress: () => void;
  /** Aborted when the process stops: the job is put back for the next start. */
  stopping: AbortSignal;
  handlers?: Partial<Record<JobRecord["type"], JobHandler>>;
  timeoutMs?: number;
};

type Ending = Partial<JobRecord> & Pick<JobRecord, "state">;

function endingOf(error: unknown, job: JobRecord): Ending {
  if (error instanceof JobStopped && error.reason === "canceled") return { state: "canceled", message: "Cancelled" };
  if (error instanceof JobStopped && error.reason === "timeout")
    return { state: "failed", message: "Took too long", error: "The job did not end in time and was stopped." };
  // Our own words are about what the job was asked to do; trying again would find the same, unless they say when to.
  if (error instanceof ServiceError && error.code !== "UPSTREAM" && error.retryAfterSeconds === undefined)
    return { state: "failed", message: "Failed", error: error.message };
  const detail = "Something went wrong on this host.";
  if (job.attempts >= job.maxAttempts)
    return { state: "failed", message: "Failed", error: `${detail} It was tried ${job.attempts} times.` };
  const runAfter = new Date(Date.now() + RETRY_DELAY_MS * job.attempts);
  return { state: "pending", message: "Waiting to try again", error: detail, runAfter };
}

/** Ends a job that is still ours, and sets its stack right. A job that is not ours any more is left alone. */
async function finishJob({ store, owner, log, onProgress }: RunOptions, job: JobRecord, ending: Ending): Promise<void> {
  const isOver = ending.state !== "pending";
  const changes = { ...ending, leaseOwner: null, leaseUntil: null, ...(isOver ? { completedAt: new Date() } : {}) };
  const ofStack = (id: string, where: Partial<StackRecord>, status: StackRecord["status"]) => {
    const updated = { status, updatedAt: new Date() };
    return {
      kind: "updateAll",
      collection: "stacks",
      where: { id, deletedAt: null, ...where },
      changes: updated,
    } as const;
  };
  const mine = { leaseOwner: owner, state: "running" } as const;
  try {
    await store.write([
      { kind: "update", collection: "jobs", id: job.id, where: mine, changes },
      ...(job.stackId && ending.state === "failed" ? [ofStack(job.stackId, {}, "error")] : []),
      ...(job.stackId && ending.state === "canceled"
        ? [ofStack(job.stackId, { status: "provisioning" }, "draft")]
        : []),
    ]);
  } catch (error) {
    if (!(error instanceof ServiceError && error.code === "NOT_FOUND")) throw error;
    log.warn({ jobId: job.id }, "job lost to another runner");
  }
  onProgress();
}

/** Runs a claimed job to its end. Whatever happens, the job is not left running. */
export async function runJob(options: RunOptions, job: JobRecord): Promise<void> {
  const { store, owner, log, onProgress, stopping, timeoutMs = TIMEOUT_MS } = options;
  const startedAt = performance.now();
  const handler = (options.handlers ?? HANDLERS)[job.type];

  const advance = async (progress?: JobProgress): Promise<void> => {
    const held = await store.advanceJob(job.id, owner, LEASE_MS, progress);
    if (!held) throw new JobStopped("lost");
    if (progress) onProgress();
    if (held.isCancelRequested) throw new JobStopped("canceled");
    if (performance.now() - startedAt > timeoutMs) throw new JobStopped("timeout");
    if (stopping.aborted) throw new JobStopped("lost");
  };
  const { promise: interrupted, reject: interrupt } = Promise.withResolvers<never>();
  interrupted.catch((error: unknown) => error);
  const heartbeat = setInterval(() => void advance().catch(interrupt), Math.min(LEASE_MS / 3, timeoutMs));
  const step = (progress: number, name: string, message: string) =>
    advance({ progress, step: name, message, line: { at: new Date().toISOString(), message: `${name}: ${message}` } });
  try {
    if (!handler) throw new ServiceError("PRECONDITION", `This host cannot run jobs of the kind ${job.type} yet.`);
    const message = await Promise.race([handler({ store, job, step }), interrupted]);
    await step(100, "Done", message);
    await finishJob(options, job, { state: "completed", message, error: null });
  } catch (error) {
    const isLost = error instanceof JobStopped && error.reason === "lost";
    if (isLost && stopping.aborted)
      return await finishJob(options, job, {
        state: "pending",
        message: "Waiting to start",
        attempts: job.attempts - 1,
      });
    if (isLost) return log.warn({ jobId: job.id }, "job lost to another runner");
    if (!(error instanceof ServiceError || error instanceof JobStopped))
      log.error({ err: error, jobId: job.id }, "job failed");
    await finishJob(options, job, endingOf(error, job));
  } finally {
    clearInterval(heartbeat);
  }
}
