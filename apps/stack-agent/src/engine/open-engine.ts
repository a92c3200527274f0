import { join } from "node:path";
import type { EngineKind } from "@kombify/agent-contract";
import { findPocketBase, startPocketBase } from "@kombify/embedded-pocketbase";
import { createDatabase, startPostgres } from "@kombify/embedded-postgres";
import type { Logger } from "@kombify/server";
import type { Engine } from "./engine.ts";
import { openPocketBaseEngine } from "./pocketbase/pocketbase-engine.ts";
import { openPostgresEngine } from "./postgres/postgres-engine.ts";
import { provisionDatabase } from "./postgres/provision-database.ts";

/** Database of the agent on its own PostgreSQL. */
const DATABASE = "stack";

type OnStop = (stop: () => Promise<void>) => void;
type Place = { home: string; databaseUrl: string | undefined; log: Logger };

/** On the cluster that is given, or on a PostgreSQL of the agent's own in its home. */
async function openPostgres({ home, databaseUrl, log }: Place, onStop: OnStop): Promise<Engine> {
  const passwordFile = join(home, "database-password");
  if (databaseUrl) {
    const database = decodeURIComponent(new URL(databaseUrl).pathname.slice(1));
    const url = await provisionDatabase({ adminUrl: databaseUrl, role: `${database}_agent`, passwordFile });
    // Other agents may use the same cluster, and roles belong to the cluster.
    return openPostgresEngine({ url, rolePrefix: `ns_${database}_` });
  }
  const server = await startPostgres({
    dataDir: join(home, "postgres"),
    log: (line) => log.debug({ line }, "postgres"),
  });
  onStop(() => server.stop());
  await createDatabase(server.superuserUrl, DATABASE);
  const url = await provisionDatabase({ adminUrl: server.url(DATABASE), role: "stack_agent", passwordFile });
  return openPostgresEngine({ url, rolePrefix: "ns_" });
}

/** On a PocketBase of the agent's own in its home. */
async function openPocketBase({ home, log }: Place, onStop: OnStop): Promise<Engine> {
  const executable = await findPocketBase();
  const dataDir = join(home, "pocketbase");
  const server = await startPocketBase({ executable, dataDir, log: (line) => log.debug({ line }, "pocketbase") });
  onStop(() => server.stop());
  return openPocketBaseEngine({ login: { url: server.url, ...server.superuser } });
}

/**
 * Opens an engine of this host.
 * @param onStop told what to stop later, in the order in which it was started.
 */
export const openEngine = (kind: EngineKind, place: Place, onStop: OnStop): Promise<Engine> =>
  kind === "postgres" ? openPostgres(place, onStop) : openPocketBase(place, onStop);
