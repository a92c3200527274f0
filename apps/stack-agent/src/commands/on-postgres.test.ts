import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { createTestDatabase } from "../../test/test-engine.ts";

const MAIN = new URL("../main.ts", import.meta.url).pathname;

test("the commands migrate a single-tenant PostgreSQL, switch its old names off and on, and go back", async () => {
  const { admin, adminUrl, drop } = await createTestDatabase();
  const home = await mkdtemp(join(tmpdir(), "kombify-pg-"));
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, KOMBIFY_AGENT_HOME: home, DATABASE_URL: adminUrl };
  const run = async (...args: string[]) =>
    (await promisify(execFile)(process.execPath, [MAIN, ...args], { env })).stdout;
  try {
    await admin.unsafe(`create table public.stacks (id text primary key, name text not null, status text);
      insert into public.stacks values ('stack0000000001', 'Home', 'active')`);
    const tables = () =>
      admin`select schemaname, tablename from pg_tables where schemaname in ('public', 'stack') order by 1, 2`;
    const before = await tables();
    expect(await run("migrate", "multi-tenancy", "--plan")).toMatch(
      /stacks \(1 rows\) becomes stack.stacks_default[\s\S]*1 of "active" become "running"/,
    );
    expect(await tables()).toEqual(before);
    expect(await run("migrate", "multi-tenancy")).toContain("Old clients find views");
    expect(await run("migrate", "multi-tenancy")).toContain("Already done");
    expect(await admin`select id, name from public.stacks`).toMatchObject([{ id: "stack0000000001", name: "Home" }]);
    await run("alias", "off");
    await expect(admin`select from public.stacks`).rejects.toThrow("does not exist");
    await run("alias", "on");
    await run("migrate", "multi-tenancy", "--down");
    expect(await admin`select * from public.stacks`).toMatchObject([
      { id: "stack0000000001", name: "Home", status: "active" },
    ]);
  } finally {
    await drop();
    await rm(home, { recursive: true });
  }
}, 90_000);
