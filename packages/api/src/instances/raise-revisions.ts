import { type InstanceId, notifyChange, type Transaction } from "@kombify/db";
import { sql } from "drizzle-orm";

/** Tells agents that there is a new document: those of all active instances, or one. What changed is in the same transaction. */
export async function raiseRevisions(tx: Transaction, instanceId?: InstanceId): Promise<void> {
  const raised = await tx.execute<{ id: InstanceId; revision: string }>(sql`
    update instances set desired_revision = desired_revision + 1
    where lifecycle in ('active', 'draining') and id = coalesce(${instanceId ?? null}::uuid, id)
    returning id, desired_revision as revision`);
  for (const { id, revision } of raised) await notifyChange(tx, { noun: "instances", id, revision: Number(revision) });
}
