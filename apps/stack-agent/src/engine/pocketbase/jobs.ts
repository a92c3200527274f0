/** The verbs of the job runner on one tenant's jobs. The agent's clock judges leases: PocketBase stores times and has none of its own. */
import type { JobProgress } from "../engine.ts";
import type { JobRecord } from "../records.ts";
import { quote } from "./filters.ts";
import type { Reader } from "./reads.ts";
import type { Writer } from "./write.ts";

/** A literal for a time. */
const at = (date: Date): string => quote(date.toISOString().replace("T", " "));

/** Waiting jobs that may run now, and running ones whose runner said nothing for too long. */
const claimable = (now: Date): string[] => [
  `((state = "pending" && run_after <= ${at(now)}) || (state = "running" && lease_until != "" && lease_until <= ${at(now)} && attempts < max_attempts))`,
];
/** Jobs of one stack run one after the other: these stacks are taken. */
const heldBy = (now: Date): string[] => [`state = "running" && lease_until > ${at(now)} && stack_id != ""`];

/** How many claimable jobs are looked at before giving up, when those before them wait for their stack. */
const LOOK = 100;

export function createJobs(reader: Reader, writer: Writer, slug: string) {
  return {
    claimJob: (owner: string, leaseMs: number): Promise<JobRecord | null> =>
      writer.attempt(slug, reader, async (draft) => {
        const now = new Date();
        const candidates = await reader.page("jobs", claimable(now), "created_at,id", LOOK);
        if (candidates.length === 0) return null;
        const held = new Set((await reader.page("jobs", heldBy(now), "id", LOOK)).map(({ stackId }) => stackId));
        const job = candidates.find(({ stackId }) => stackId === null || !held.has(stackId));
        if (!job) return null;
        return (await draft.update("jobs", job, {
          state: "running",
          attempts: job.attempts + 1,
          leaseOwner: owner,
          leaseUntil: new Date(now.getTime() + leaseMs),
          startedAt: job.startedAt ?? now,
        })) as JobRecord;
      }),
    advanceJob: (id: string, owner: string, leaseMs: number, progress?: JobProgress): Promise<JobRecord | null> =>
      writer.attempt(slug, reader, async (draft) => {
        const job = (await draft.get("jobs", id)) as JobRecord | null;
        if (job?.leaseOwner !== owner || job.state !== "running") return null;
        const leaseUntil = new Date(Date.now() + leaseMs);
        const { line, ...said } = progress ?? {};
        const changes = { leaseUntil, ...said, ...(line ? { logs: [...job.logs, line] } : {}) };
        return (await draft.update("jobs", job, changes)) as JobRecord;
      }),
    failLostJobs: (reason: string): Promise<JobRecord[]> =>
      writer.attempt(slug, reader, async (draft) => {
        const now = new Date();
        const running = await reader.all("jobs", { state: "running" });
        const lost = running.filter(
          ({ leaseUntil, attempts, maxAttempts }) =>
            leaseUntil !== null && leaseUntil <= now && attempts >= maxAttempts,
        );
        const failed: JobRecord[] = [];
        for (const job of lost) {
          const ending = { state: "failed", error: reason, message: "Failed", completedAt: now } as const;
          failed.push(
            (await draft.update("jobs", job, { ...ending, leaseOwner: null, leaseUntil: null })) as JobRecord,
          );
          const stack = job.stackId ? await draft.get("stacks", job.stackId) : null;
          if (stack && "deletedAt" in stack && stack.deletedAt === null)
            await draft.update("stacks", stack, { status: "error", updatedAt: now });
        }
        return failed;
      }),
  };
}
