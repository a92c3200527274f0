/** The durable queue (graphile-worker): jobs are added in the transaction of the deed, or not at all. */
import { sql } from "drizzle-orm";
import type { Transaction } from "./database.ts";

/**
 * Adds a job that runs after this transaction commits, at least once, with growing waits between attempts.
 * @param options.key jobs of the same key that have not begun replace each other.
 */
export async function enqueueJob(
  tx: Transaction,
  name: string,
  payload: Record<string, unknown>,
  options: { key?: string; runAt?: Date } = {},
): Promise<void> {
  await tx.execute(sql`select graphile_worker.enqueue(${name}::text, ${JSON.stringify(payload)}::json,
    ${options.key ?? null}::text, ${options.runAt?.toISOString() ?? null}::timestamptz)`);
}
