/** Feature flags in the shared collections: flags by their digest and tenants by their id, in one table. */
import type { Sql } from "postgres";
import type { SharedStore, StoredTenantFlags } from "../shared-store.ts";

/** Rows of one statement, which takes at most 65,535 values. */
const ROWS = 1_000;

type Row = { id: string; kind: "contents" | "tenant"; flags: string | null } & Omit<StoredTenantFlags, "tenantId">;

export const flagStatements = (sql: Sql): Pick<SharedStore, "loadFlags" | "saveFlags" | "removeFlags"> => ({
  async loadFlags() {
    const rows = await sql<
      Row[]
    >`select id, kind, flags, current, previous, older from stack._feature_flags order by id`;
    return {
      contents: new Map(rows.flatMap(({ id, kind, flags }) => (kind === "contents" ? [[id, flags ?? ""]] : []))),
      tenants: rows.flatMap(({ id, kind, current, previous, older }) =>
        kind === "tenant" ? [{ tenantId: id, current, previous, older }] : [],
      ),
    };
  },
  async saveFlags({ contents, tenants, unused }) {
    const nothing = { flags: null, current: null, previous: null, older: null };
    const rows: Row[] = [
      ...[...contents].map(([id, flags]): Row => ({ ...nothing, id, kind: "contents", flags })),
      ...tenants.map(({ tenantId, ...texts }): Row => ({ ...nothing, id: tenantId, kind: "tenant", ...texts })),
    ];
    await sql.begin(async (tx) => {
      for (let at = 0; at < rows.length; at += ROWS)
        await tx`insert into stack._feature_flags ${tx(rows.slice(at, at + ROWS))}
          on conflict (id) do update set flags = excluded.flags, current = excluded.current, previous = excluded.previous,
            older = excluded.older, updated_at = now()`;
      if (unused.length > 0) await tx`delete from stack._feature_flags where kind = 'contents' and id in ${tx(unused)}`;
    });
  },
  removeFlags: async (tenantId) => {
    await sql`delete from stack._feature_flags where kind = 'tenant' and id = ${tenantId}`;
  },
});
