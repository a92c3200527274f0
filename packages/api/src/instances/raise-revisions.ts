import { type InstanceId, notifyChange, type Transaction } from "@kombify/db";
import { sql } from "drizzle-orm";

/** Tells agents that there is a new document: those of all active instances, or one. What changed is in the same transaction. */
export async function raiseRevisions(tx: Transaction, instanceId?: InstanceId): Promise<void> {
  // In the order of their ids, so that two who raise all of them wait for each other and never in a circle.
  const raised = await tx.execute<{ id: InstanceId; revision: string }>(sql`
    update instances set desired_revision = desired_revision + 1
    where id in (select id from instances where lifecycle in ('active', 'draining') and id = coalesce(${instanceId ?? null}::uuid, id)
      order by id for update)
    returning id, desired_revision as revision`);
  for (const { id, revision } of raised) await notifyChange(tx, { noun: "instances", id, revision: Number(revision) });
}
