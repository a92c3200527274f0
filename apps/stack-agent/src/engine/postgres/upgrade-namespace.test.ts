import postgres, { type Sql } from "postgres";
import { v7 as uuid } from "uuid";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { newNode, newStack, newTestJob } from "../../../test/records.ts";
import { createTestEngine, type TestEngine } from "../../../test/test-engine.ts";
import { createVersionOne } from "../../../test/version-one.ts";
import type { NamespaceStore } from "../engine.ts";

let db: TestEngine;
let login: Sql;
let slug: string;
let store: NamespaceStore;
let count = 0;
beforeAll(async () => {
  db = await createTestEngine();
  login = postgres(db.url, { max: 1, onnotice: () => undefined });
});
afterAll(async () => {
  await login.end();
  await db.drop();
});
beforeEach(async () => {
  slug = `old${count++}`;
  await createVersionOne(login, slug, db.rolePrefix);
  store = db.engine.namespace({ id: uuid(), slug });
});

const stack = newStack({ id: "0190ABCD-0000-7000-8000-0000000000AF".toLowerCase(), createdBy: uuid() });
const node = newNode(stack.id);
const job = newTestJob({ stackId: stack.id, createdBy: uuid() });
const fill = () =>
  store.write([
    { kind: "create", collection: "stacks", record: stack },
    { kind: "create", collection: "nodes", record: node },
    { kind: "create", collection: "jobs", record: job },
  ]);
const readAll = async () => [
  await store.get("stacks", stack.id),
  await store.find("nodes", { stackId: stack.id }),
  (await store.list("jobs", { limit: 5, sort: "createdAt", filters: { stackId: stack.id } })).items[0],
];
const versionOf = async () =>
  (await db.engine.shared.listTenants()).find((tenant) => tenant.slug === slug)?.namespaceVersion;
const driftOf = async () => (await db.engine.findDrift()).get(slug);
const idType = async () =>
  (
    await db.admin`select atttypid::regtype::text as type from pg_attribute
    where attrelid = ${`stack.stacks_${slug}`}::regclass and attname = 'id'`
  )[0]?.type;

test("a namespace of the first release gets this one's fields, keeps its records, and what was open goes on", async () => {
  await fill();
  // Statements for the old fields are prepared on the engine's connections.
  for (let i = 0; i < 20; i++) expect(await readAll()).toEqual([stack, node, job]);
  expect(await driftOf()).toContain(`the field id of stacks_${slug} is uuid and not text collate "C"`);
  await db.engine.upgradeNamespace(slug);
  expect(await driftOf()).toBeUndefined();
  expect(await versionOf()).toBe(db.engine.namespaceVersion);
  await Promise.all(Array.from({ length: 20 }, async () => expect(await readAll()).toEqual([stack, node, job])));
  const foreign = newStack({ id: "pocketbase00id1", createdBy: "abcdefghij12345" });
  await store.write([{ kind: "create", collection: "stacks", record: foreign }]);
  expect(await store.get("stacks", foreign.id)).toEqual(foreign);
  await expect(store.write([{ kind: "create", collection: "nodes", record: newNode(uuid()) }])).rejects.toMatchObject({
    code: "NOT_FOUND",
  });
  expect(await store.claimJob("runner", 60_000)).toMatchObject({ id: job.id });
});

test("creating a namespace that an older release made does not pass it off as this one's", async () => {
  await db.engine.createNamespace(slug);
  expect(await versionOf()).toBe(1);
});

test("upgrading again changes nothing", async () => {
  await db.engine.upgradeNamespace(slug);
  const oids = () =>
    db.admin`select relname, oid, relfilenode from pg_class where relname like ${`%\\_${slug}%`} order by 1`;
  const before = await oids();
  await db.engine.upgradeNamespace(slug);
  expect(await oids()).toEqual(before);
});

test("those who read and write during an upgrade notice nothing but time", async () => {
  await fill();
  let isDone = false;
  const failures: unknown[] = [];
  const work = async () => {
    while (!isDone) {
      try {
        expect(await readAll()).toEqual([stack, node, job]);
        await store.write([{ kind: "update", collection: "nodes", id: node.id, changes: { address: node.address } }]);
        await store.countBy("jobs", "state");
      } catch (error) {
        failures.push(error);
      }
    }
  };
  const workers = Array.from({ length: 12 }, work);
  await db.engine.upgradeNamespace(slug);
  isDone = true;
  await Promise.all(workers);
  expect(failures).toEqual([]);
  expect(await driftOf()).toBeUndefined();
});

test("a backend killed in the middle of an upgrade leaves the namespace as it was, and the next try completes it", async () => {
  await fill();
  // The row is held, so the upgrade waits at its last statement with everything done.
  const blocker = await db.admin.reserve();
  await blocker`begin`;
  await blocker`select from stack._tenants where slug = ${slug} for update`;
  const upgrade = db.engine.upgradeNamespace(slug).catch((error: unknown) => error);
  const waiting = () => db.admin`select pid from pg_stat_activity where wait_event_type = 'Lock'
    and query like 'update stack._tenants set namespace_version%' and datname = current_database()`;
  await expect.poll(async () => (await waiting()).length, { interval: 5 }).toBe(1);
  await db.admin`select pg_terminate_backend(${(await waiting())[0]?.pid})`;
  expect(await upgrade).toBeInstanceOf(Error);
  expect(await idType()).toBe("uuid");
  await blocker`rollback`;
  blocker.release();
  expect(await versionOf()).toBe(1);
  expect(await readAll()).toEqual([stack, node, job]);
  await db.engine.upgradeNamespace(slug);
  expect(await readAll()).toEqual([stack, node, job]);
  expect(await driftOf()).toBeUndefined();
});

test("an upgrade waits for a long write and keeps nobody else from the tables for more than a moment", async () => {
  await fill();
  const writer = await db.admin.reserve();
  await writer`begin`;
  await writer.unsafe(`update stack.stacks_${slug} set description = ''`);
  const upgrade = db.engine.upgradeNamespace(slug);
  const until = Date.now() + 700;
  while (Date.now() < until) {
    const startedAt = Date.now();
    await store.get("stacks", stack.id);
    expect(Date.now() - startedAt).toBeLessThan(600);
  }
  await writer`commit`;
  writer.release();
  await upgrade;
  expect(await readAll()).toEqual([stack, node, job]);
});

test("a namespace that is not there is not upgraded", async () => {
  await expect(db.engine.upgradeNamespace("nowhere")).rejects.toMatchObject({ code: "NOT_FOUND" });
});
