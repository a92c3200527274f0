import { join } from "node:path";
import type { EngineKind } from "@kombify/agent-contract";
import { createDatabase, startPostgres } from "@kombify/embedded-postgres";
import type { Logger } from "@kombify/server";
import type { PocketBaseAccess } from "../config.ts";
import type { Engine } from "./engine.ts";
import { openPocketBase } from "./open-pocketbase.ts";
import type { PocketBaseLogin } from "./pocketbase/client.ts";
import { openPocketBaseEngine } from "./pocketbase/pocketbase-engine.ts";
import { openPostgresEngine } from "./postgres/postgres-engine.ts";
import { provisionDatabase } from "./postgres/provision-database.ts";

/** Database of the agent on its own PostgreSQL. */
const DATABASE = "stack";

type EngineOptions = {
  home: string;
  engine: EngineKind;
  databaseUrl: string | undefined;
  pocketbase: PocketBaseAccess;
  log: Logger;
  /** Told where PocketBase is, when it is the engine. */
  onPocketBase?: (login: PocketBaseLogin) => void;
};

/**
 * Opens the engine of this host: on the cluster or the PocketBase that is given, or on one of the agent's own in its home.
 * @param onStop told what to stop later, in the order in which it was started.
 * @throws ServiceError PRECONDITION when there is no PocketBase, or the server that is given cannot be used.
 */
export async function openEngine(
  { home, engine, databaseUrl, pocketbase, log, onPocketBase }: EngineOptions,
  onStop: (stop: () => Promise<void>) => void,
): Promise<Engine> {
  if (engine === "pocketbase") {
    const login = await openPocketBase({ home, access: pocketbase, log }, onStop);
    onPocketBase?.(login);
    return openPocketBaseEngine({ login });
  }
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
