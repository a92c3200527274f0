/** A database and a login of the agent's kind for one test file, on the cluster in KOMBIFY_TEST_DATABASE_URL. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres, { type Sql } from "postgres";
import type { Engine } from "../src/engine/engine.ts";
import { openPostgresEngine } from "../src/engine/postgres/postgres-engine.ts";
import { provisionDatabase } from "../src/engine/postgres/provision-database.ts";

export type TestDatabase = {
  /** The agent's login. */
  url: string;
  /** A superuser's login to the same database: for arranging and looking, never for the code under test. */
  adminUrl: string;
  admin: Sql;
  rolePrefix: string;
  drop(): Promise<void>;
};

export type TestEngine = TestDatabase & { engine: Engine };

/** @throws when KOMBIFY_TEST_DATABASE_URL is not set. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const clusterUrl = process.env.KOMBIFY_TEST_DATABASE_URL;
  if (!clusterUrl)
    throw new Error("KOMBIFY_TEST_DATABASE_URL is not set: run the tests through `npm test` or the root vitest.");
  const name = `stack_${randomBytes(6).toString("hex")}`;
  const rolePrefix = `ns_${name}_`;
  const cluster = postgres(clusterUrl, { max: 1, onnotice: () => undefined });
  await cluster.unsafe(`create database ${name}`);
  const adminUrl = Object.assign(new URL(clusterUrl), { pathname: `/${name}` }).toString();
  const folder = await mkdtemp(join(tmpdir(), "kombify-agent-"));
  const url = await provisionDatabase({ adminUrl, role: `${name}_agent`, passwordFile: join(folder, "password") });
  const admin = postgres(adminUrl, { max: 2, onnotice: () => undefined });
  return {
    url,
    adminUrl,
    admin,
    rolePrefix,
    drop: async () => {
      await admin.end({ timeout: 1 });
      await cluster.unsafe(`drop database if exists ${name} with (force)`);
      const roles = await cluster`select rolname from pg_roles where starts_with(rolname, ${rolePrefix})`;
      for (const { rolname } of roles) await cluster.unsafe(`drop role ${rolname}`);
      await cluster.unsafe(`drop role ${name}_agent`);
      await cluster.end({ timeout: 1 });
      await rm(folder, { recursive: true });
    },
  };
}

export async function createTestEngine(): Promise<TestEngine> {
  const database = await createTestDatabase();
  const engine = await openPostgresEngine(database);
  return {
    ...database,
    engine,
    drop: async () => {
      await engine.close();
      await database.drop();
    },
  };
}
