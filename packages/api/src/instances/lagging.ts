/** Who has applied what was desired at some moment, for what must not go on before everybody has. */
import type { InstanceId, Transaction } from "@kombify/db";
import { sql } from "drizzle-orm";

/** An instance that has not yet applied what was desired of it at some moment. */
export interface LaggingInstance {
  id: InstanceId;
  name: string;
  connection: string;
}

/** What is desired of each instance at this moment: of those that have joined, were not cut off and have not applied it. */
export async function readDesiredRevisions(tx: Transaction): Promise<Record<string, number>> {
  const rows = await tx.execute<{ id: InstanceId; revision: string }>(sql`
    select i.id, i.desired_revision as revision from instances i join instance_reports r on r.instance_id = i.id
    where i.lifecycle in ('active', 'draining') and r.connection not in ('pending', 'revoked')
      and r.applied_revision < i.desired_revision`);
  return Object.fromEntries(rows.map(({ id, revision }) => [id, Number(revision)]));
}

/** Which of these instances have still not applied these revisions; instances that are gone or cut off are left out. */
export async function readLagging(
  tx: Transaction,
  revisions: Readonly<Record<string, number>>,
): Promise<LaggingInstance[]> {
  return tx.execute<LaggingInstance & Record<string, unknown>>(sql`
    select i.id, i.name, r.connection from instances i join instance_reports r on r.instance_id = i.id
      join json_each_text(${JSON.stringify(revisions)}::json) wanted on wanted.key::uuid = i.id
    where i.lifecycle in ('active', 'draining') and r.connection not in ('pending', 'revoked')
      and r.applied_revision < wanted.value::bigint order by i.name`);
}
