import { randomBytes } from "node:crypto";
import { COLLECTIONS } from "@kombify/agent-contract";
import postgres, { type Sql } from "postgres";
import { v7 as uuid } from "uuid";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newStack } from "../../../test/records.ts";
import { createTestEngine, type TestEngine } from "../../../test/test-engine.ts";
import { roleNames } from "../../engine/naming.ts";
import { postgresDown } from "./down.ts";
import { describe as describeTables } from "./original.ts";
import { type PostgresParts, postgresUp } from "./up.ts";

const quietly = { say: () => undefined, signal: new AbortController().signal };
const app = `old_${randomBytes(4).toString("hex")}`;
let database: TestEngine;
let agent: Sql;
let old: Sql;
let parts: PostgresParts;
const stackIds = Array.from({ length: 5 }, () => uuid());

beforeAll(async () => {
  database = await createTestEngine();
  const { admin } = database;
  await admin.unsafe(`
    create role ${app} login password '${app}';
    create type public.stack_state as enum ('draft', 'active', 'stopped');
    create table public.users (id text primary key, email text not null unique, password_hash text not null, role text, created timestamptz not null default now());
    create table public.stacks (id uuid primary key, name varchar(80) not null, owner text references public.users, state_note text,
      status public.stack_state not null default 'draft', services jsonb, created timestamptz default now());
    create table public.nodes (id uuid primary key, stack uuid not null references public.stacks on delete cascade, name text not null,
      status text not null default 'pending' check (status in ('pending', 'online', 'offline')), cores integer);
    create table public.jobs (id text primary key, type text not null, state text not null check (state in ('running', 'cancelled', 'completed')), stack_id uuid references public.stacks);
    create index nodes_cores on public.nodes (cores);
    grant usage on schema public to ${app};
    grant select, insert, update, delete on public.users, public.stacks, public.nodes, public.jobs to ${app};`);
  for (let i = 0; i < 3; i++)
    await admin`insert into public.users (id, email, password_hash, role) values (${`user0000000000${i}`}, ${`u${i}@x.example`}, ${`hash ${i}`}, ${i === 0 ? "admin" : "user"})`;
  for (const [i, id] of stackIds.entries())
    await admin`insert into public.stacks (id, name, owner, status) values (${id}, ${`Stack ${i}`}, ${"user00000000001"}, ${i % 2 ? "active" : "draft"})`;
  for (let i = 0; i < 50; i++)
    await admin`insert into public.nodes (id, stack, name, status, cores) values (${uuid()}, ${stackIds[i % 5] as string}, ${`node ${i}`}, ${i % 3 ? "online" : "pending"}, ${i})`;
  for (const [i, state] of ["running", "cancelled", "completed"].entries())
    await admin`insert into public.jobs values (${`job00000000000${i}`}, 'deploy', ${state}, ${stackIds[0] as string})`;
  agent = postgres(database.url, { max: 1, onnotice: () => undefined });
  old = postgres(Object.assign(new URL(database.adminUrl), { username: app, password: app }).toString(), { max: 1 });
  await admin.unsafe(`grant connect on database "${new URL(database.adminUrl).pathname.slice(1)}" to ${app}`);
  parts = { admin, agent, engine: database.engine, roles: roleNames(database.rolePrefix) };
});
afterAll(async () => {
  await agent?.end();
  await old?.end();
  await database.admin.unsafe(`drop owned by ${app}; drop role ${app}`);
  await database.drop();
});

const rows = async (sql: Sql) => ({
  users: await sql`select * from public.users order by id`,
  stacks: await sql`select * from public.stacks order by id`,
  nodes: await sql`select * from public.nodes order by id`,
  jobs: await sql`select * from public.jobs order by id`,
});
const shape = async () =>
  (await describeTables(database.admin, "public", COLLECTIONS)).sort((a, b) => (a.collection < b.collection ? -1 : 1));

test("a single-tenant PostgreSQL is refused with words before anything is touched", async () => {
  const { admin } = database;
  await admin`insert into public.stacks (id, name) values (${uuid()}, 'STACK 1')`;
  await admin`create view public.names as select name from public.stacks`;
  await expect(postgresUp(parts, quietly)).rejects.toThrow(/view names reads stacks[\s\S]*share a name/);
  await admin`drop view public.names`;
  await admin`delete from public.stacks where name = 'STACK 1'`;
  expect(await database.engine.listNamespaces()).toEqual([]);
});

test("a single-tenant PostgreSQL becomes a tenant, old clients go on under the old names, and it goes back", async () => {
  const { admin, engine } = database;
  const [before, was] = [await rows(admin), await shape()];
  const stopping = new AbortController();
  const say = (line: string) => line.includes("move done") && stopping.abort(new Error("stopped"));
  await expect(postgresUp(parts, { say, signal: stopping.signal })).rejects.toThrow("stopped");
  expect(await postgresUp(parts, quietly), "goes on where it was").toBe("done");
  expect(await postgresUp(parts, quietly)).toBe("already done");
  expect(await engine.findDrift()).toEqual(new Map());
  const tenant = await engine.shared.findTenant("default");
  expect(tenant).toMatchObject({ state: "ready", namespaceVersion: engine.namespaceVersion });
  const store = engine.namespace({ id: tenant?.id ?? "", slug: "default" });
  expect(await store.countBy("users", "role")).toEqual({ owner: 1, member: 2 });
  expect(await store.countBy("jobs", "state")).toEqual({ failed: 1, canceled: 1, completed: 1 });
  expect(await store.countBy("nodes", "status")).toEqual({ connected: 33, pending: 17 });

  const own = await old`select id, name, stack, status, cores from public.nodes order by id`;
  expect(own.map(({ id, stack, cores }) => [id, stack, cores])).toEqual(
    before.nodes.map(({ id, stack, cores }) => [id, stack, cores]),
  );
  expect((await old`select role, password_hash from public.users order by id`).map((row) => ({ ...row }))).toEqual(
    before.users.map(({ role, password_hash }) => ({ role, password_hash })),
  );
  const id = uuid();
  await old`insert into public.nodes (id, stack, name, status) values (${id}, ${stackIds[1] as string}, 'from an old client', 'online')`;
  await old`update public.nodes set cores = 9 where id = ${id}`;
  expect(await store.get("nodes", id)).toMatchObject({ stackId: stackIds[1], status: "connected", role: "foundation" });
  await expect(old`select * from stack.nodes_default`).rejects.toThrow(/permission denied/);
  const mine = newStack({ name: "made by the agent" });
  await store.write([{ kind: "create", collection: "stacks", record: mine }]);
  await store.write([{ kind: "create", collection: "stacks", record: newStack({ deletedAt: new Date() }) }]);

  expect(await postgresDown(parts, quietly)).toBe("done");
  expect(await shape()).toEqual(was);
  const after = await rows(admin);
  expect(after.users).toEqual(before.users);
  expect(after.jobs).toEqual(before.jobs);
  expect(after.stacks.filter((row) => row.id !== mine.id)).toEqual(before.stacks);
  expect(after.stacks.find((row) => row.id === mine.id)).toMatchObject({ name: "made by the agent", status: "draft" });
  expect(after.nodes.filter((row) => row.id !== id)).toEqual(before.nodes);
  expect(await engine.listNamespaces()).toEqual([]);
  expect(await engine.shared.listTenants()).toEqual([]);
  await expect(postgresDown(parts, quietly)).rejects.toThrow("nothing to go back from");
  expect(await postgresUp(parts, quietly)).toBe("done");
});
