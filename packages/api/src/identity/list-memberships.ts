import type { UserContext } from "../context.ts";
import type { MeView } from "./schemas.ts";

/** The caller's tenants with their state now, oldest first; the one alone for which a token is good. */
export const listMemberships = (ctx: UserContext): Promise<MeView["tenants"]> =>
  ctx.db.read<MeView["tenants"][number]>(
    (sql) => sql`
      select t.id, t.slug, t.name, m.role, t.status from memberships m join tenants t on t.id = m.tenant_id
      where m.user_id = ${ctx.session.user.id}
        and (${ctx.session.orgId}::text is null or t.id = any(${ctx.session.memberships.map(({ id }) => id)}::uuid[]))
      order by m.created_at, t.id`,
  );
