import { v7 as uuid } from "uuid";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { newNode, newStack } from "../../../test/records.ts";
import { createTestEngine, type TestEngine } from "../../../test/test-engine.ts";
import type { NamespaceStore } from "../engine.ts";
import {
  differences,
  type FileRef,
  type NamespaceTransfer,
  type StoredRecord,
  sumOf,
  TRANSFER_ORDER,
} from "../transfer.ts";

let db: TestEngine;
let slug: string;
let store: NamespaceStore;
let transfer: NamespaceTransfer;
let count = 0;
beforeAll(async () => {
  db = await createTestEngine();
});
afterAll(() => db.drop());
const create = async (slug: string) => {
  await db.engine.createNamespace(slug);
  return db.engine.transfer(slug);
};
beforeEach(async () => {
  slug = `carry${count++}`;
  transfer = await create(slug);
  store = db.engine.namespace({ id: uuid(), slug });
});

const person = (id: string, extra: Record<string, unknown> = {}): StoredRecord => ({
  id,
  fields: {
    issuer: "https://id.example",
    subject: id,
    email: "anna@home.example",
    name: "Anna",
    role: "owner",
    createdAt: "2026-01-01T00:00:00.123Z",
    updatedAt: "2026-01-01T00:00:00.000Z",
    lastSeenAt: "2026-01-01T00:00:00.999Z",
  },
  extra,
});
const idOf = (number: number) => number.toString().padStart(15, "0");
const people = (amount: number) => Array.from({ length: amount }, (_, i) => person(idOf(i)));
async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of source) collected.push(item);
  return collected;
}
const read = async (from: NamespaceTransfer, collection: (typeof TRANSFER_ORDER)[number]) =>
  (await collect(from.read(collection))).flat();
const avatar = (recordId: string, name = "me.png"): FileRef => ({
  collection: "users",
  recordId,
  field: "avatar",
  name,
});

test("records are read as they were put, with what only they know, in the order of ids over many pages", async () => {
  const records = [
    ...people(1_100),
    person(uuid(), { passwordHash: "$2a$10$x", tokenKey: "k", nested: { a: [1, null] } }),
  ];
  for (let at = 0; at < records.length; at += 300) await transfer.put("users", records.slice(at, at + 300).reverse());
  expect(await read(transfer, "users")).toEqual(records);
});

test("what the Stack's API wrote is carried to another namespace and is the same there", async () => {
  const stack = newStack({ config: { "it's": [1.5, null, "ä"] }, createdBy: "abcdefghij12345" });
  await store.write([
    { kind: "create", collection: "stacks", record: stack },
    { kind: "create", collection: "nodes", record: newNode(stack.id) },
  ]);
  const other = await create(`${slug}to`);
  for (const collection of TRANSFER_ORDER)
    for await (const records of transfer.read(collection)) await other.put(collection, records);
  expect(differences(await sumOf(transfer), await sumOf(other))).toEqual([]);
  expect(await db.engine.namespace({ id: uuid(), slug: `${slug}to` }).get("stacks", stack.id)).toEqual(stack);
  await store.write([{ kind: "update", collection: "stacks", id: stack.id, changes: { description: "changed" } }]);
  expect(differences(await sumOf(transfer), await sumOf(other))).toEqual(["stacks"]);
});

test("putting a record again replaces all of it", async () => {
  await transfer.put("users", [person(idOf(1), { old: true })]);
  const changed = { ...person(idOf(1)), extra: { new: true } };
  await transfer.put("users", [changed]);
  expect(await read(transfer, "users")).toEqual([changed]);
});

test("a batch with one record that cannot be kept is put not at all", async () => {
  const broken = person(idOf(2));
  await expect(
    transfer.put("users", [person(idOf(1)), { ...broken, fields: { ...broken.fields, email: null } }]),
  ).rejects.toMatchObject({ code: "INVALID", message: "A record needs a value in email." });
  expect(await read(transfer, "users")).toEqual([]);
});

test("a namespace has no table of files before its first file, and two first files at once are both kept", async () => {
  await transfer.put("users", people(2));
  const tables = () => db.admin`select from pg_tables where tablename = ${`files_${slug}`}`;
  expect(await collect(transfer.files())).toEqual([]);
  await transfer.removeFile(avatar(idOf(0)));
  expect(await tables()).toHaveLength(0);
  await Promise.all([0, 1].map((i) => transfer.putFile(avatar(idOf(i)), Buffer.from([0, 255, i]))));
  expect(await collect(transfer.files())).toEqual([0, 1].map((i) => ({ ...avatar(idOf(i)), size: 3 })));
  expect([...(await transfer.readFile(avatar(idOf(1))))]).toEqual([0, 255, 1]);
});

test("files come in order over many pages, and one that is put again is replaced", async () => {
  await transfer.put("users", people(1));
  const names = Array.from({ length: 520 }, (_, i) => `f${i.toString().padStart(4, "0")}`);
  await transfer.putFile(avatar(idOf(0), "f0000"), Buffer.from("first"));
  for (const name of names.toReversed()) await transfer.putFile(avatar(idOf(0), name), Buffer.from(name));
  expect((await collect(transfer.files())).map(({ name }) => name)).toEqual(names);
  expect(Buffer.from(await transfer.readFile(avatar(idOf(0), "f0000"))).toString()).toBe("f0000");
});

test("a file goes with its record, whoever removes that", async () => {
  const stack = newStack();
  await store.write([{ kind: "create", collection: "stacks", record: stack }]);
  await transfer.put("users", people(2));
  await transfer.putFile({ collection: "stacks", recordId: stack.id, field: "plan", name: "a" }, Buffer.from("a"));
  for (const { id } of people(2)) await transfer.putFile(avatar(id), Buffer.from("b"));
  await store.write([{ kind: "remove", collection: "stacks", id: stack.id }]);
  await transfer.remove("users", [idOf(0), uuid()]);
  expect((await collect(transfer.files())).map(({ recordId }) => recordId)).toEqual([idOf(1)]);
  await transfer.removeFile(avatar(idOf(1)));
  await expect(transfer.readFile(avatar(idOf(1)))).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("a file needs its record, and nothing is carried out of a namespace that is not there", async () => {
  await expect(transfer.putFile(avatar(uuid()), Buffer.from("a"))).rejects.toMatchObject({ code: "NOT_FOUND" });
  const nowhere = db.engine.transfer("nowhere");
  await expect(collect(nowhere.read("users"))).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect(collect(nowhere.files())).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect(nowhere.putFile(avatar(uuid()), Buffer.from("a"))).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("files are owned by the namespace and go with it", async () => {
  await transfer.put("users", people(1));
  await transfer.putFile(avatar(idOf(0)), Buffer.from("a"));
  const tables = () => db.admin`select tableowner from pg_tables where tablename = ${`files_${slug}`}`;
  expect((await tables())[0]?.tableowner).toBe(`${db.rolePrefix}${slug}`);
  await db.engine.dropNamespace(slug);
  expect(await tables()).toHaveLength(0);
});
