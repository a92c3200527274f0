/**
 * Runs the jobs of every open tenant, a few tenants at a time and the jobs of one tenant in order. The jobs themselves
 * live in the namespaces; what is kept here is only which tenants may have some.
 */
import { randomUUID } from "node:crypto";
import { ServiceError } from "@kombify/agent-contract";
import type { Logger } from "@kombify/server";
import type { Engine, TenantRef } from "../engine/engine.ts";
import { whyClosed } from "../engine/open-tenant.ts";
import type { JobFeed } from "./feed.ts";
import { LEASE_MS, type RunOptions, runJob } from "./run-job.ts";

export type JobRunner = {
  /** Looks for jobs of this tenant now. */
  wake(tenant: TenantRef): void;
  /** Waits for the step under way and puts running jobs back for the next start. */
  stop(): Promise<void>;
};

const PARALLEL_TENANTS = 4;
/** Between looks at tenants whose jobs wait, or run under a lease of a process that may be dead. */
const RECHECK_MS = 2_000;

type RunnerOptions = { engine: Engine; feed: JobFeed; log: Logger } & Pick<RunOptions, "handlers" | "timeoutMs">;

export function startJobRunner({ engine, feed, log, ...overrides }: RunnerOptions): JobRunner {
  const owner = randomUUID();
  const stopping = new AbortController();
  /** Tenants to look at, in the order in which they were woken. */
  const queue = new Map<string, TenantRef>();
  /** Tenants with jobs that cannot run yet. */
  const later = new Map<string, TenantRef>();
  const working = new Map<string, Promise<void>>();

  const runJobsOf = async (tenant: TenantRef): Promise<void> => {
    // Woken before it was closed, or for a job that was left behind. Who opens a tenant wakes it again.
    const row = await engine.shared.findTenant(tenant.id);
    if (row && whyClosed(row, engine) !== null) return;
    const store = engine.namespace(tenant);
    const onProgress = () => feed.publish(tenant.id);
    const lost = await store.failLostJobs("The Stack stopped while it ran, more often than it may be tried.");
    if (lost.length > 0) onProgress();
    while (!stopping.signal.aborted) {
      const job = await store.claimJob(owner, LEASE_MS);
      if (!job) break;
      onProgress();
      await runJob(
        { store, owner, log: log.child({ tenantId: tenant.id }), onProgress, stopping: stopping.signal, ...overrides },
        job,
      );
    }
    const open = await store.countBy("jobs", "state");
    if (open.pending || open.running) later.set(tenant.id, tenant);
  };

  const pump = (): void => {
    for (const [id, tenant] of queue) {
      if (stopping.signal.aborted || working.size >= PARALLEL_TENANTS) return;
      if (working.has(id)) continue;
      queue.delete(id);
      const work = runJobsOf(tenant)
        .catch((err: unknown) => {
          // A tenant that was removed meanwhile has no jobs any more.
          if (err instanceof ServiceError && err.code === "NOT_FOUND") return;
          log.error({ err, tenantId: id }, "jobs of a tenant could not be run, trying again");
          later.set(id, tenant);
        })
        .finally(() => {
          working.delete(id);
          pump();
        });
      working.set(id, work);
    }
  };
  const wake = (tenant: TenantRef): void => {
    queue.set(tenant.id, { id: tenant.id, slug: tenant.slug });
    pump();
  };
  const recheck = setInterval(() => {
    const tenants = [...later.values()];
    later.clear();
    for (const tenant of tenants) wake(tenant);
  }, RECHECK_MS);

  return {
    wake,
    stop: async () => {
      clearInterval(recheck);
      stopping.abort();
      await Promise.all(working.values());
    },
  };
}
