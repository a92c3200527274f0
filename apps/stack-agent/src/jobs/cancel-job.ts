import { ServiceError } from "@kombify/agent-contract";
import type { NamespaceStore } from "../engine/engine.ts";
import type { JobRecord } from "../engine/records.ts";

/**
 * Cancels a job: at once while it waits, at its next step while it runs.
 * @throws ServiceError PRECONDITION for a job that has ended, and for a deletion, which cannot stop half-way.
 */
export async function cancelJob(store: NamespaceStore, job: JobRecord): Promise<JobRecord> {
  if (job.type === "destroy") throw new ServiceError("PRECONDITION", "A deletion cannot be cancelled.");
  const { id } = job;
  const now = new Date();
  const waiting = { state: "canceled", message: "Cancelled before it started", completedAt: now } as const;
  for (const [state, changes] of [
    ["pending", waiting],
    ["running", { isCancelRequested: true }],
  ] as const) {
    try {
      const [canceled] = await store.write([{ kind: "update", collection: "jobs", id, where: { state }, changes }]);
      return canceled;
    } catch (error) {
      if (!(error instanceof ServiceError && error.code === "NOT_FOUND")) throw error;
    }
  }
  throw new ServiceError("PRECONDITION", "This job has already ended.");
}
