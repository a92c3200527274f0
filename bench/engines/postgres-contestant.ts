import { join } from "node:path";
import { openPostgresEngine, provisionDatabase } from "@kombify/stack-agent/engine";
import postgres from "postgres";
import type { Cluster } from "../cluster.ts";
import type { Contestant } from "./contestant.ts";
import { privateMemory } from "./process-memory.ts";

/** The agent's PostgreSQL engine; each host is a database of its own with a login and roles of its own. */
export const postgresContestant = (cluster: Cluster, sizes: readonly number[]): Contestant => ({
  label: "PostgreSQL",
  sizes,
  async createHost(name) {
    const adminUrl = await cluster.createDatabase(name);
    const passwordFile = join(cluster.folder, `${name}-password`);
    const url = await provisionDatabase({ adminUrl, role: `${name}_agent`, passwordFile });
    return {
      open: () => openPostgresEngine({ url, rolePrefix: `ns_${name}_` }),
      async footprint() {
        const sql = postgres(adminUrl, { max: 1 });
        const backends = await sql<{ pid: number }[]>`select pid from pg_stat_activity
          where datname = current_database() and usename = ${`${name}_agent`}`;
        const [row] = await sql<{ disk: number }[]>`select pg_database_size(current_database())::float8 as disk`;
        await sql.end();
        const sizes = await Promise.all(backends.map(({ pid }) => privateMemory(pid)));
        return { processes: sizes.reduce((sum, size) => sum + size, 0), disk: row?.disk ?? Number.NaN };
      },
    };
  },
});
