import { v7 as uuid } from "uuid";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { newNode, newStack } from "../../../test/records.ts";
import { createTestEngine, type TestEngine } from "../../../test/test-engine.ts";
import type { NamespaceStore } from "../engine.ts";

let db: TestEngine;
let slug: string;
let store: NamespaceStore;
let count = 0;
const stack = newStack();
beforeAll(async () => {
  db = await createTestEngine();
  await db.engine.createNamespace("neighbour");
});
afterAll(() => db.drop());
beforeEach(async () => {
  slug = `drift${count++}`;
  await db.engine.createNamespace(slug);
  store = db.engine.namespace({ id: uuid(), slug });
  await store.write([
    { kind: "create", collection: "stacks", record: stack },
    { kind: "create", collection: "nodes", record: newNode(stack.id) },
  ]);
});

const driftOf = async () => (await db.engine.findDrift()).get(slug);
const byHand = (statement: string) => db.admin.unsafe(statement.replaceAll("@", slug)).simple();

const CHANGES: [what: string, statement: string, words: string][] = [
  ["a missing collection", "drop table stack.jobs_@", "the collection jobs_@ is missing"],
  [
    "a missing field",
    "alter table stack.stacks_@ drop column deleted_at",
    "the field deleted_at of stacks_@ is missing",
  ],
  [
    "a missing required field",
    "alter table stack.nodes_@ drop column address",
    "the field address of nodes_@ is missing",
  ],
  ["a missing index", "drop index stack.stacks_@_name", "the index stacks_@_name is missing"],
  [
    "a changed index",
    "drop index stack.stacks_@_name; create unique index stacks_@_name on stack.stacks_@ (name) where deleted_at is null",
    "the index stacks_@_name is another one",
  ],
  [
    "a unique index of somebody's",
    "create unique index mine on stack.stacks_@ (description)",
    "the index mine is not ours",
  ],
  [
    "a missing reference",
    "alter table stack.nodes_@ drop constraint nodes_@_stack_id_fkey",
    "the rule nodes_@_stack_id_fkey",
  ],
  ["a missing primary key", "alter table stack.jobs_@ drop constraint jobs_@_pkey", "the rule jobs_@_pkey is missing"],
  [
    "a rule of somebody's",
    "alter table stack.stacks_@ add constraint mine check (name <> 'x')",
    "the rule mine is not ours",
  ],
  [
    "a field that may be empty",
    "alter table stack.nodes_@ alter column address drop not null; update stack.nodes_@ set address = null",
    "the field address of nodes_@ can be empty",
  ],
  [
    "a field that must be set",
    "alter table stack.jobs_@ alter column error set not null",
    "the field error of jobs_@ must not",
  ],
  [
    "a missing default",
    "alter table stack.users_@ alter column extra drop default",
    "the field extra of users_@ has another",
  ],
  [
    "a field of another type",
    "alter table stack.users_@ alter column created_at type timestamptz",
    "the field created_at of users_@ is timestamp with time zone",
  ],
  [
    "a required field of somebody's",
    "alter table stack.jobs_@ add mine text not null",
    "the field mine of jobs_@ is not ours",
  ],
  ["rights of others", "grant select on stack.users_@ to public", "public has rights on users_@"],
];

test.each(CHANGES)(
  "%s is found in that namespace alone, and mended with every record kept",
  async (_, statement, words) => {
    expect(await driftOf()).toBeUndefined();
    await byHand(statement);
    const drift = await db.engine.findDrift();
    expect([...drift.keys()]).toEqual([slug]);
    expect(drift.get(slug)?.join("; ")).toContain(words.replaceAll("@", slug));
    await db.engine.upgradeNamespace(slug);
    expect([...(await db.engine.findDrift()).keys()]).toEqual([]);
    expect(await store.get("stacks", stack.id)).toEqual(stack);
    expect((await store.find("nodes", { stackId: stack.id }))?.name).toBe("nas");
  },
);

test("a table that another namespace owns is given back, and the agent keeps no rights of its own", async () => {
  const owner = (role: string) => byHand(`alter table stack.stacks_@ owner to ${db.rolePrefix}${role}`);
  await owner("neighbour");
  expect(await driftOf()).toEqual([`the collection stacks_${slug} belongs to ${db.rolePrefix}neighbour`]);
  await db.engine.upgradeNamespace(slug);
  expect(await driftOf()).toBeUndefined();
  const members = await db.admin`select inherit_option, set_option from pg_auth_members
    where roleid = ${`${db.rolePrefix}neighbour`}::regrole and not admin_option`;
  expect(members.map(({ inherit_option }) => inherit_option)).toEqual([false]);
  expect(await store.get("stacks", stack.id)).toEqual(stack);
});

test("a table that the superuser took is named with what he has to run", async () => {
  await byHand("alter table stack.stacks_@ owner to postgres");
  expect(await driftOf()).toEqual([`the collection stacks_${slug} belongs to postgres`]);
  await expect(db.engine.upgradeNamespace(slug)).rejects.toMatchObject({
    code: "PRECONDITION",
    message: expect.stringContaining(`alter table stack.stacks_${slug} owner to ${db.rolePrefix}${slug}`),
  });
  await byHand(`alter table stack.stacks_@ owner to ${db.rolePrefix}@`);
});

test("a role that the agent may no longer take is found and taken again", async () => {
  const agent = new URL(db.url).username;
  await byHand(`revoke set option for ${db.rolePrefix}@ from ${agent} granted by ${agent}`);
  expect(await driftOf()).toEqual([`the agent may not take the role ${db.rolePrefix}${slug}`]);
  await db.engine.upgradeNamespace(slug);
  expect(await driftOf()).toBeUndefined();
  expect(await store.get("stacks", stack.id)).toEqual(stack);
});

test("a right to take a role that was lost comes back with the next request", async () => {
  const agent = new URL(db.url).username;
  await byHand(`revoke set option for ${db.rolePrefix}@ from ${agent} granted by ${agent}`);
  expect(await store.get("stacks", stack.id)).toEqual(stack);
});

test("records that stand in the way of mending are named, and nothing is changed", async () => {
  await byHand("drop index stack.stacks_@_name");
  const record = newStack({ name: stack.name.toUpperCase() });
  await store.write([{ kind: "create", collection: "stacks", record }]);
  await expect(db.engine.upgradeNamespace(slug)).rejects.toMatchObject({
    code: "PRECONDITION",
    message: expect.stringContaining(stack.name),
  });
  expect(await driftOf()).toEqual([`the index stacks_${slug}_name is missing`]);
  await db.engine.dropNamespace(slug);
});

test("files are part of what is compared", async () => {
  const file = { collection: "stacks", recordId: stack.id, field: "plan", name: "a" } as const;
  await db.engine.transfer(slug).putFile(file, Buffer.from("a"));
  expect(await driftOf()).toBeUndefined();
  await byHand("alter table stack.files_@ drop column of_stacks");
  expect(await driftOf()).toContain(`the field of_stacks of files_${slug} is missing`);
  await db.engine.upgradeNamespace(slug);
  expect(await driftOf()).toBeUndefined();
  expect(await db.engine.transfer(slug).readFile(file)).toEqual(Buffer.from("a"));
});
