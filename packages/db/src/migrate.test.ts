import { randomBytes } from "node:crypto";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate as applyMigrations } from "drizzle-orm/postgres-js/migrator";
import postgres, { type Sql } from "postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import { MIGRATIONS_FOLDER } from "./migrate.ts";
import { newId } from "./schema/ids.ts";
import { createTestDatabase } from "./testing.ts";

let cluster: Sql;
let sql: Sql;
let folder: string;
const name = `kombify_upgraded_${randomBytes(6).toString("hex")}`;
beforeAll(async () => {
  // Roles belong to the cluster: a database that is whole makes them.
  await (await createTestDatabase()).drop();
  const url = process.env.KOMBIFY_TEST_DATABASE_URL ?? "";
  cluster = postgres(url, { max: 1, onnotice: () => undefined });
  await cluster.unsafe(`create database ${name}`);
  sql = postgres(Object.assign(new URL(url), { pathname: `/${name}` }).toString(), {
    max: 1,
    onnotice: () => undefined,
  });
  folder = await mkdtemp(join(tmpdir(), "kombify-migrations-"));
  await cp(MIGRATIONS_FOLDER, folder, { recursive: true });
});
afterAll(async () => {
  await sql.end();
  await cluster.unsafe(`drop database ${name}`);
  await cluster.end();
  await rm(folder, { recursive: true });
});

/** Brings the database to the migration of this name and no further. */
async function migrateTo(tag: string): Promise<void> {
  const journal = JSON.parse(await readFile(join(MIGRATIONS_FOLDER, "meta", "_journal.json"), "utf8"));
  const last = journal.entries.findIndex((entry: { tag: string }) => entry.tag === tag);
  const entries = journal.entries.slice(0, last + 1);
  await writeFile(join(folder, "meta", "_journal.json"), JSON.stringify({ ...journal, entries }));
  await applyMigrations(drizzle(sql), { migrationsFolder: folder });
}

it("what staff allowed a host before there was a limit of its own stays what they allow", async () => {
  await migrateTo("0001_roles-and-policies");
  await sql`insert into instances (id, name, capacity) values (${newId()}, 'berlin-1', 40)`;
  await migrateTo("0003_upgrades-grants");
  const [instance] = await sql`select capacity, capacity_limit as "capacityLimit" from instances`;
  expect(instance).toEqual({ capacity: 40, capacityLimit: 40 });
  const [table] = await sql`select relforcerowsecurity as forced from pg_class where relname = 'instances'`;
  expect(table).toEqual({ forced: true });
});
