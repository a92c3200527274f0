/** What single tenants get, whatever the rules say. */
import { ServiceError } from "@kombify/agent-contract";
import type { z } from "zod";
import type { UserContext, VerbContext } from "../context.ts";
import { getFlag } from "./get-flag.ts";
import { requestChange } from "./request-change.ts";
import type { FlagOutcomeView, flagKeyInput, overrideInput, overridesView, saveOverrideInput } from "./schemas.ts";

/** @throws ServiceError NOT_FOUND */
export async function listOverrides(
  ctx: VerbContext,
  { key }: z.output<typeof flagKeyInput>,
): Promise<z.output<typeof overridesView>> {
  await getFlag(ctx, { key });
  const items = await ctx.db.read<z.output<typeof overridesView>["items"][number]>(
    (
      sql,
    ) => sql`select o.tenant_id as "tenantId", t.slug, t.name, o.variant, o.reason, u.name as "createdByName", o.created_at as "createdAt"
      from flag_overrides o join flags f on f.id = o.flag_id join tenants t on t.id = o.tenant_id left join users u on u.id = o.created_by
      where f.key = ${key} order by t.slug`,
  );
  return { items };
}

/** A tenant by its address or id. @throws ServiceError NOT_FOUND */
async function findTenant(ctx: VerbContext, selector: string): Promise<{ id: string; slug: string }> {
  const [tenant] = await ctx.db.read<{ id: string; slug: string }>(
    (sql) => sql`select id, slug from tenants where slug = ${selector} or id::text = ${selector.toLowerCase()}`,
  );
  if (tenant) return tenant;
  throw new ServiceError("NOT_FOUND", `There is no homelab ${selector}. Name one by its address or id.`, {
    fields: [{ path: "tenant", message: "There is no such homelab." }],
  });
}

async function requestOverride(
  ctx: UserContext,
  { key, tenant: selector, variant, reason }: { key: string; tenant: string; variant: string | null; reason: string },
): Promise<FlagOutcomeView> {
  const { version } = await getFlag(ctx, { key });
  const tenant = await findTenant(ctx, selector);
  const proposal = { tenantId: tenant.id, tenant: tenant.slug, variant, reason };
  const change = { kind: "override", flagKey: key, baseVersion: version, proposal, note: reason } as const;
  return requestChange(ctx, change, { scheduledAt: null });
}

/** @throws ServiceError NOT_FOUND, INVALID for a variant that the flag does not have. */
export const saveOverride = (ctx: UserContext, input: z.output<typeof saveOverrideInput>): Promise<FlagOutcomeView> =>
  requestOverride(ctx, input);

/** Lets the rules decide again; where they do already, nothing changes. @throws ServiceError NOT_FOUND */
export const removeOverride = (ctx: UserContext, input: z.output<typeof overrideInput>): Promise<FlagOutcomeView> =>
  requestOverride(ctx, { ...input, variant: null, reason: "" });
