/**
 * Databases for tests: one migrated template per cluster, cloned for each test file (about 75 ms). The cluster is a real
 * PostgreSQL whose owner address is in KOMBIFY_TEST_DATABASE_URL; the root test set-up starts one.
 */
import { createHash, randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import postgres, { type Sql } from "postgres";
import { type Database, openDatabase } from "./database.ts";
import { type DatabaseUrls, databaseUrls, MIGRATIONS_FOLDER, migrate } from "./migrate.ts";

export interface TestDatabase {
  db: Database;
  urls: DatabaseUrls;
  /** Owner's connection: sees everything; for arranging and for looking, never for the code under test. */
  owner: Sql;
  ownerUrl: string;
  drop(): Promise<void>;
}

const digest = (text: string) => createHash("sha256").update(text).digest("hex");

const migrationsDigest = () =>
  digest(
    readdirSync(MIGRATIONS_FOLDER)
      .filter((file) => file.endsWith(".sql"))
      .map((file) => readFileSync(join(MIGRATIONS_FOLDER, file), "utf8"))
      .join() + readFileSync(new URL("./migrate.ts", import.meta.url), "utf8"),
  ).slice(0, 12);

const onDatabase = (url: string, database: string) =>
  Object.assign(new URL(url), { pathname: `/${database}` }).toString();

/**
 * A migrated, empty database of its own.
 * @throws when KOMBIFY_TEST_DATABASE_URL is not set.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const clusterUrl = process.env.KOMBIFY_TEST_DATABASE_URL;
  if (!clusterUrl)
    throw new Error("KOMBIFY_TEST_DATABASE_URL is not set: run the tests through `npm test` or the root vitest.");
  const template = `kombify_template_${migrationsDigest()}`;
  const name = `kombify_test_${randomBytes(6).toString("hex")}`;
  // Roles belong to the cluster, so every test file has to agree on their passwords.
  const passwords = { webPassword: digest(`web ${clusterUrl}`), workerPassword: digest(`worker ${clusterUrl}`) };
  const admin = postgres(clusterUrl, { max: 1, onnotice: () => undefined });
  try {
    await admin`select pg_advisory_lock(hashtext('kombify template'))`;
    const [existing] = await admin`select from pg_database where datname = ${template} and datistemplate`;
    if (!existing) {
      await admin.unsafe(`drop database if exists ${template}`);
      await admin.unsafe(`create database ${template}`);
      await migrate({ ownerUrl: onDatabase(clusterUrl, template), ...passwords });
      await admin.unsafe(`alter database ${template} is_template true`);
    }
    await admin.unsafe(`create database ${name} template ${template}`);
  } finally {
    await admin.end();
  }
  const ownerUrl = onDatabase(clusterUrl, name);
  const urls = databaseUrls({ ownerUrl, ...passwords });
  const db = openDatabase({ url: urls.web });
  const owner = postgres(ownerUrl, { max: 2, onnotice: () => undefined });
  return {
    db,
    urls,
    owner,
    ownerUrl,
    drop: async () => {
      await db.close();
      await owner.end({ timeout: 1 });
      const last = postgres(clusterUrl, { max: 1 });
      await last.unsafe(`drop database if exists ${name} with (force)`);
      await last.end();
    },
  };
}
