/**
 * Sends a tenant's flags to its host now, without waiting for the host to pull. What is answered is what the host said that
 * it has stored, and nothing else.
 */
import { type OlderFlags, ServiceError } from "@kombify/agent-contract";
import type { InstanceId, TenantId } from "@kombify/db";
import type { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import type { VerbContext } from "../context.ts";
import { recordDelivery } from "./deliveries.ts";
import type { pushedFlagsView, pushFlagsInput } from "./schemas.ts";

interface Placed {
  id: TenantId;
  name: string;
  instanceId: InstanceId | null;
  instance: string | null;
  internalUrl: string | null;
}

async function findPlaced(ctx: VerbContext, idOrSlug: string) {
  const [tenant] = await ctx.db.read<Placed>(
    (sql) => sql`
      select t.id, t.name, t.instance_id as "instanceId", i.name as instance, i.internal_url as "internalUrl"
      from tenants t left join instances i on i.id = t.instance_id
      where (t.id::text = ${idOrSlug.toLowerCase()} or t.slug = ${idOrSlug}) and t.status <> 'deleting'`,
  );
  if (!tenant) throw new ServiceError("NOT_FOUND", "There is no such homelab.");
  const { instanceId, internalUrl, instance } = tenant;
  if (instanceId === null || internalUrl === null)
    throw new ServiceError("PRECONDITION", `Homelab ${tenant.name} is on no host yet: its flags are sent when it is.`);
  return { ...tenant, host: { id: instanceId, internalUrl }, instance: instance ?? "" };
}

/**
 * @param input.flags in place of the document: what existing callers send, passed on as it is.
 * @throws ServiceError NOT_FOUND; PRECONDITION without a host; UPSTREAM (502) with what the host answered when it did not take them.
 */
export async function pushFlags(
  ctx: VerbContext,
  { tenant: idOrSlug, flags, full }: z.output<typeof pushFlagsInput>,
): Promise<z.output<typeof pushedFlagsView>> {
  const tenant = await findPlaced(ctx, idOrSlug);
  const older: OlderFlags | undefined = flags && { flags, ...(full === undefined ? {} : { full }) };
  const body = older ?? (await ctx.can.flagDocuments.of(tenant.id)).document;
  const answer = await ctx.can.agents.applyFlags(tenant.host, tenant.id, body);
  if ("revision" in body && (answer.revision !== body.revision || answer.digest !== body.digest))
    throw new ServiceError(
      "UPSTREAM",
      `${tenant.instance} was sent revision ${body.revision} and says that it has revision ${answer.revision} (${answer.digest}).`,
    );
  await ctx.db.transaction(async (tx) => {
    // What older control planes send is no document, and is in no rollout.
    if (answer.revision > 0) await recordDelivery(tx, { tenantId: tenant.id, instanceId: tenant.host.id, ...answer });
    await recordAudit(tx, ctx, {
      action: "flags.push",
      targetKind: "tenant",
      targetId: tenant.id,
      tenantId: tenant.id,
      summary: older
        ? `Sent ${older.flags.length} flags of homelab ${tenant.name} to ${tenant.instance}`
        : `Sent the flags of homelab ${tenant.name} to ${tenant.instance} (revision ${answer.revision})`,
    });
  });
  return answer;
}
