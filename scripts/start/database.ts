import { join } from "node:path";
import { type DatabaseUrls, type MigrateOptions, migrate, WEB_LOGINS, WORKER_LOGINS, writeAddress } from "@kombify/db";
import { createDatabase, findServer, startPostgres } from "@kombify/embedded-postgres";
import { appendLine } from "./log-file.ts";
import { readIfThere, type Secrets, type Settings } from "./settings.ts";

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

/** Where the processes of this home find their addresses. Passwords are exchanged while they run, so each follows its file. */
export const addressFiles = ({ home }: Settings) => ({
  web: join(home, "database.url"),
  worker: join(home, "worker-database.url"),
});

/** The log-in that a file names, if it is one of the two twins. */
async function loginIn<R extends string>(
  file: string,
  twins: readonly [R, R],
): Promise<{ login: R; password: string } | null> {
  const text = await readIfThere(file);
  if (text === null || !URL.canParse(text.trim())) return null;
  const { username, password } = new URL(text.trim());
  const login = twins.find((twin) => twin === username);
  return login && password ? { login, password: decodeURIComponent(password) } : null;
}

/** Who the processes log in as: what the files say, and before there are any, the passwords that the home began with. */
export async function currentLogins(settings: Settings, ownerUrl: string, secrets: Secrets): Promise<MigrateOptions> {
  const files = addressFiles(settings);
  const web = await loginIn(files.web, WEB_LOGINS);
  const worker = await loginIn(files.worker, WORKER_LOGINS);
  return {
    ownerUrl,
    webPassword: web?.password ?? secrets.webPassword,
    webLogin: web?.login ?? WEB_LOGINS[0],
    workerPassword: worker?.password ?? secrets.workerPassword,
    workerLogin: worker?.login ?? WORKER_LOGINS[0],
  };
}

/** Brings the schema up to date and writes down what the processes log in with. @returns the same. */
export async function migrateDatabase(settings: Settings, ownerUrl: string, secrets: Secrets): Promise<DatabaseUrls> {
  const urls = await migrate(await currentLogins(settings, ownerUrl, secrets));
  const files = addressFiles(settings);
  // Its time says since when the password is in use.
  for (const name of ["web", "worker"] as const)
    if ((await readIfThere(files[name]))?.trim() !== urls[name]) await writeAddress(files[name], urls[name]);
  return urls;
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
