import type { TenantContext } from "../context.ts";
import type { FirstStepsView } from "./schemas.ts";

/** What is worth doing first in a homelab, and whether somebody did it. */
export async function readFirstSteps(ctx: TenantContext): Promise<FirstStepsView> {
  const [row] = await ctx.db.read<FirstStepsView>(
    (sql) => sql`
      select exists (select from audit_events where tenant_id = app_tenant_id() and action = 'tenants.launch') as "isLaunched",
        (select count(*) > 1 from memberships where tenant_id = app_tenant_id())
          or exists (select from invitations where tenant_id = app_tenant_id()) as "isShared"`,
  );
  return row ?? { isLaunched: false, isShared: false };
}
