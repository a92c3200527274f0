import { ServiceError } from "@kombify/agent-contract";
import type { InstanceId } from "@kombify/db";
import type { TenantContext } from "../context.ts";
import type { TenantStatus } from "./schemas.ts";

/** Where a tenant lives and what its host has to know of it. Internal addresses: never part of an answer. */
export interface Home {
  status: TenantStatus;
  generation: number;
  orgId: string;
  plan: "free" | "pro" | "business";
  instance: { id: InstanceId; internalUrl: string };
}

const NOT_YET: Record<Exclude<TenantStatus, "active">, string> = {
  provisioning: "Your homelab is still being made. It takes a few seconds; try again then.",
  waiting_for_capacity: "Your homelab waits for room. You can use it as soon as it has a place.",
  suspended: "Your homelab is suspended. Write to support to open it again.",
  deleting: "Your homelab is being deleted.",
};

/**
 * The host of the context's tenant.
 * @throws ServiceError PRECONDITION with the reason while the tenant is not active.
 */
export async function findHome(ctx: TenantContext): Promise<Home> {
  const [row] = await ctx.db.read<
    Omit<Home, "instance"> & { instanceId: InstanceId | null; internalUrl: string | null }
  >(
    (
      sql,
    ) => sql`select t.status, t.generation, t.org_id as "orgId", t.plan, i.id as "instanceId", i.internal_url as "internalUrl"
      from tenants t left join instances i on i.id = t.instance_id where t.id = app_tenant_id()`,
  );
  if (!row) throw new ServiceError("NOT_FOUND", "There is no such homelab among yours.");
  const { instanceId, internalUrl, ...home } = row;
  if (home.status !== "active") throw new ServiceError("PRECONDITION", NOT_YET[home.status]);
  if (!instanceId || !internalUrl) throw new ServiceError("PRECONDITION", "Your homelab has no host at the moment.");
  return { ...home, instance: { id: instanceId, internalUrl } };
}
