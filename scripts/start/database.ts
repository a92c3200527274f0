import { join } from "node:path";
import { type DatabaseUrls, databaseUrls, migrate } from "@kombify/db";
import { createDatabase, findServer, startPostgres } from "@kombify/embedded-postgres";
import { appendLine } from "./log-file.ts";
import type { Secrets, Settings } from "./settings.ts";

const DATABASE_NAME = "kombify";

export type ControlDatabase = { ownerUrl: string; version: string; stop(): Promise<void> };

/** The server named by DATABASE_URL, or one of our own in the home. */
export async function openDatabaseServer({ home, databaseUrl }: Settings): Promise<ControlDatabase> {
  if (databaseUrl) return { ownerUrl: databaseUrl, version: "DATABASE_URL", stop: async () => undefined };
  const log = appendLine(join(home, "logs", "postgres.log"));
  const server = await startPostgres({ dataDir: join(home, "postgres"), log });
  await createDatabase(server.superuserUrl, DATABASE_NAME);
  return { ownerUrl: server.url(DATABASE_NAME), version: `port ${server.port}`, stop: server.stop };
}

/** Brings the schema up to date. @returns what the processes log in with. */
export async function migrateDatabase(ownerUrl: string, secrets: Secrets): Promise<DatabaseUrls> {
  const options = { ownerUrl, webPassword: secrets.webPassword, workerPassword: secrets.workerPassword };
  await migrate(options);
  return databaseUrls(options);
}

/**
 * The owner's address of the database that a running kombify uses.
 * @throws Error when there was never one in this home, saying what to do.
 */
export async function findDatabase({ home, databaseUrl }: Settings): Promise<string> {
  const found = databaseUrl ?? (await findServer(join(home, "postgres"), DATABASE_NAME));
  if (!found) throw new Error(`There is no database in ${home} yet. Run \`npm start\` first, or set KOMBIFY_HOME.`);
  return found;
}
