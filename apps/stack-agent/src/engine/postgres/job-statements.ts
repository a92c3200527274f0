/** The statements of the job runner on one tenant's jobs. The database's clock alone judges leases. */
import type { JobProgress } from "../engine.ts";
import { tableOf } from "../naming.ts";
import { columnsOf, type Statement } from "./statements.ts";

const lease = (parameter: string) => `now() + ${parameter}::int * interval '1 millisecond'`;

/**
 * Takes the oldest job that waits, or that its runner left behind and that has attempts left. Jobs of one stack run
 * one after the other.
 */
export const claimJob = (slug: string, owner: string, leaseMs: number): Statement => ({
  text: `update ${tableOf("jobs", slug)} set state = 'running', attempts = attempts + 1, lease_owner = $1,
      lease_until = ${lease("$2")}, started_at = coalesce(started_at, now())
    where id = (
      select id from ${tableOf("jobs", slug)} as job
      where ((state = 'pending' and run_after <= now())
          or (state = 'running' and lease_until < now() and attempts < max_attempts))
        and not exists (select from ${tableOf("jobs", slug)} as other
          where other.state = 'running' and other.lease_until >= now() and other.stack_id = job.stack_id)
      order by created_at, id limit 1 for update skip locked)
    returning ${columnsOf("jobs")}`,
  parameters: [owner, leaseMs],
});

export function advanceJob(
  slug: string,
  id: string,
  owner: string,
  leaseMs: number,
  progress: JobProgress | undefined,
): Statement {
  const parameters: unknown[] = [id, owner, leaseMs];
  let assignments = "";
  if (progress) {
    parameters.push(progress.progress, progress.step, progress.message, [progress.line]);
    assignments = ", progress = $4, step = $5, message = $6, logs = logs || $7::jsonb";
  }
  const text = `update ${tableOf("jobs", slug)} set lease_until = ${lease("$3")}${assignments}
    where id = $1 and lease_owner = $2 and state = 'running' returning ${columnsOf("jobs")}`;
  return { text, parameters };
}

/** Together with their stacks, in one statement: a crash in between would leave a stack being set up for ever. */
export const failLostJobs = (slug: string, reason: string): Statement => ({
  text: `with lost as (
      update ${tableOf("jobs", slug)} set state = 'failed', error = $1, message = 'Failed', completed_at = now(),
        lease_owner = null, lease_until = null
      where state = 'running' and lease_until < now() and attempts >= max_attempts returning ${columnsOf("jobs")}),
    marked as (
      update ${tableOf("stacks", slug)} set status = 'error', updated_at = now()
      where id in (select "stackId" from lost) and deleted_at is null)
    select * from lost`,
  parameters: [reason],
});
