import { type InstanceId, notifyChange, type Transaction } from "@kombify/db";
import { instances } from "@kombify/db/schema";
import { eq, sql } from "drizzle-orm";

/**
 * Says that the agent of this instance must hear of something: raises its desired revision and, when the transaction
 * commits, hints to it. Takes the instance's row lock.
 * @returns the new revision.
 */
export async function raiseRevision(tx: Transaction, instanceId: InstanceId): Promise<number> {
  const [row] = await tx
    .update(instances)
    .set({ desiredRevision: sql`${instances.desiredRevision} + 1` })
    .where(eq(instances.id, instanceId))
    .returning({ revision: instances.desiredRevision });
  const revision = row?.revision ?? 0;
  await notifyChange(tx, { noun: "instances", id: instanceId, revision });
  return revision;
}
