import { v7 as uuid } from "uuid";
import type { JobRecord } from "../engine/records.ts";

/** Enough for a restart or two in the middle; a fault that stays does not become better by more tries. */
const MAX_ATTEMPTS = 3;

/** A job that waits to be run. It is created in the same write as the change that it follows from. */
export function newJob(job: Pick<JobRecord, "type" | "stackId" | "target" | "createdBy">): JobRecord {
  const now = new Date();
  return {
    ...job,
    id: uuid(),
    state: "pending",
    progress: 0,
    step: "",
    message: "Waiting to start",
    error: null,
    logs: [],
    attempts: 0,
    maxAttempts: MAX_ATTEMPTS,
    createdAt: now,
    startedAt: null,
    completedAt: null,
    leaseOwner: null,
    leaseUntil: null,
    runAfter: now,
    isCancelRequested: false,
  };
}
