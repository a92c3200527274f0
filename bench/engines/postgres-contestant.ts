import { join } from "node:path";
import { openPostgresEngine, provisionDatabase } from "@kombify/stack-agent/engine";
import postgres from "postgres";
import type { Cluster } from "../cluster.ts";
import type { Contestant } from "./contestant.ts";

/** The agent's PostgreSQL engine; each host is a database of its own with a login and roles of its own. */
export const postgresContestant = (cluster: Cluster, sizes: readonly number[]): Contestant => ({
  label: "PostgreSQL",
  sizes,
  async createHost(name) {
    const adminUrl = await cluster.createDatabase(name);
    const passwordFile = join(cluster.folder, `${name}-password`);
    const url = await provisionDatabase({ adminUrl, role: `${name}_agent`, passwordFile });
    const look = async <T extends object>(query: string): Promise<T[]> => {
      const sql = postgres(adminUrl, { max: 1 });
      try {
        return [...(await sql.unsafe<T[]>(query))];
      } finally {
        await sql.end();
      }
    };
    return {
      open: () => openPostgresEngine({ url, rolePrefix: `ns_${name}_` }),
      processes: async () =>
        (await look<{ pid: number }>(`select pid from pg_stat_activity where usename = '${name}_agent'`)).map(
          ({ pid }) => pid,
        ),
      diskUsage: async () =>
        (await look<{ size: number }>("select pg_database_size(current_database())::float8 as size"))[0]?.size ??
        Number.NaN,
    };
  },
});
