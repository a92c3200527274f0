import postgres from "postgres";
import { v7 as uuid } from "uuid";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newStack } from "../../../test/records.ts";
import { createTestEngine, type TestEngine } from "../../../test/test-engine.ts";
import { openPostgresEngine } from "./postgres-engine.ts";

let db: TestEngine;
beforeAll(async () => {
  db = await createTestEngine();
  await Promise.all(["anna", "berta"].map((slug) => db.engine.createNamespace(slug)));
});
afterAll(() => db.drop());

const tenant = (slug: string) => ({ id: uuid(), slug });
const tablesOf = async (slug: string) =>
  (
    await db.admin`select tablename from pg_tables where schemaname = 'stack' and tablename like ${`%\\_${slug}`} order by 1`
  ).map((row) => row.tablename);

test("a namespace has its four collections, owned by its own role", async () => {
  expect(await tablesOf("anna")).toEqual(["jobs_anna", "nodes_anna", "stacks_anna", "users_anna"]);
  const owners = await db.admin`select distinct tableowner from pg_tables where tablename like '%\\_anna'`;
  expect(owners.map((row) => row.tableowner)).toEqual([`${db.rolePrefix}anna`]);
});

test("creating a namespace again changes nothing and keeps its records", async () => {
  const store = db.engine.namespace(tenant("anna"));
  const stack = newStack({ name: "kept" });
  await store.write([{ kind: "create", collection: "stacks", record: stack }]);
  await db.engine.createNamespace("anna");
  expect(await store.get("stacks", stack.id)).toEqual(stack);
});

test("a namespace role that reads its neighbour's table is refused by PostgreSQL", async () => {
  const sql = postgres(db.url, { max: 1 });
  const read = sql.begin((tx) => [
    tx`select set_config('role', ${`${db.rolePrefix}anna`}, true)`,
    tx`select * from stack.stacks_berta`,
  ]);
  await expect(read).rejects.toMatchObject({ code: "42501" });
  await sql.end();
});

test("the agent's own login, in no tenant's role, is refused every tenant's table", async () => {
  const sql = postgres(db.url, { max: 1 });
  await expect(sql`select * from stack.stacks_anna`).rejects.toMatchObject({ code: "42501" });
  await expect(sql`delete from stack.users_anna`).rejects.toMatchObject({ code: "42501" });
  await sql.end();
});

test("a namespace role can neither create tables nor see shared collections", async () => {
  const sql = postgres(db.url, { max: 1 });
  const as = (query: string) =>
    sql.begin((tx) => [tx`select set_config('role', ${`${db.rolePrefix}anna`}, true)`, tx.unsafe(query)]);
  await expect(as("create table stack.users_zoe (id int)")).rejects.toMatchObject({ code: "42501" });
  await expect(as("select * from stack._sessions")).rejects.toMatchObject({ code: "42501" });
  await expect(as("set local role postgres")).rejects.toMatchObject({ code: "42501" });
  await sql.end();
});

test("names that are no slug never reach a statement", async () => {
  for (const slug of ["a", "Anna", "x; drop table stack._tenants", "a_b", ""])
    await expect(async () => db.engine.createNamespace(slug)).rejects.toThrow("Not a tenant slug");
});

test("dropping a namespace leaves neither tables nor role, and dropping it again is fine", async () => {
  await db.engine.createNamespace("gone");
  await db.engine.dropNamespace("gone");
  await db.engine.dropNamespace("gone");
  expect(await tablesOf("gone")).toEqual([]);
  expect(await db.admin`select from pg_roles where rolname = ${`${db.rolePrefix}gone`}`).toHaveLength(0);
});

test("a backend killed in the middle of the DDL leaves nothing, and the next try completes it", async () => {
  // The lock holds the creation back at its last statement, when all tables exist inside the transaction.
  const blocker = await db.admin.reserve();
  await blocker`begin`;
  await blocker`lock table stack._tenants in exclusive mode`;
  const creation = db.engine.createNamespace("crash").catch((error: unknown) => error);
  const waiting = () =>
    db.admin`select pid from pg_stat_activity where wait_event_type = 'Lock' and query like '%users_crash%' and pid <> pg_backend_pid()`;
  await expect.poll(async () => (await waiting()).length).toBe(1);
  await db.admin`select pg_terminate_backend(${(await waiting())[0]?.pid})`;
  expect(await creation).toBeInstanceOf(Error);
  await blocker`rollback`;
  blocker.release();
  expect(await tablesOf("crash")).toEqual([]);
  await db.engine.createNamespace("crash");
  expect(await tablesOf("crash")).toHaveLength(4);
  expect(await db.engine.listNamespaces()).toContain("crash");
});

test("a superuser's login is refused as the engine's", async () => {
  await expect(openPostgresEngine({ url: db.adminUrl, rolePrefix: db.rolePrefix })).rejects.toThrow("superuser");
});
