/** Where flags have arrived: what hosts say that they have, against what a flag is now. */
import { ServiceError } from "@kombify/agent-contract";
import type { z } from "zod";
import type { UserContext } from "../context.ts";
import type { FlagRolloutView, flagKeyInput, flagRolloutView } from "./schemas.ts";

/**
 * Every instance that has tenants, with how many of them do not have the flag as it is now. A host is believed about a
 * document that there is: of any other nobody can say what is in it.
 * @throws ServiceError NOT_FOUND
 */
export async function readFlagRollout(
  ctx: UserContext,
  { key }: z.output<typeof flagKeyInput>,
): Promise<z.output<typeof flagRolloutView>> {
  const [row] = await ctx.db.read<{
    revision: number;
    changedAt: Date;
    instances: FlagRolloutView["instances"] | null;
  }>(
    (sql) => sql`
      with delivered as (
        select t.instance_id, count(*)::int as tenants, (count(*) filter (where coalesce(x.fleet_revision, -1) < f.revision))::int as behind,
          min(d.error) as error, max(d.acknowledged_at) as "acknowledgedAt"
        from flags f, tenants t
          left join flag_deliveries d on d.tenant_id = t.id and d.instance_id = t.instance_id
          left join flag_documents x on x.tenant_id = d.tenant_id and x.revision = d.revision and x.digest = d.digest
        where f.key = ${key} and t.instance_id is not null and t.status in ('provisioning', 'active', 'suspended')
        group by t.instance_id)
      select f.revision::float8 as revision, f.updated_at as "changedAt", (
        select json_agg(json_build_object('id', i.id, 'name', i.name, 'connection', r.connection, 'tenants', d.tenants, 'behind', d.behind,
          'error', d.error, 'acknowledgedAt', d."acknowledgedAt") order by i.name)
        from delivered d join instances i on i.id = d.instance_id join instance_reports r on r.instance_id = i.id) as instances
      from flags f where f.key = ${key}`,
  );
  if (!row) throw new ServiceError("NOT_FOUND", `There is no flag ${key}.`);
  const instances = (row.instances ?? []).map((instance) => ({
    ...instance,
    acknowledgedAt: instance.acknowledgedAt && new Date(instance.acknowledgedAt),
  }));
  return { ...row, instances };
}
