import { v7 as uuid } from "uuid";
import { beforeEach, expect, test } from "vitest";
import { onEveryEngine } from "../../../test/engines.ts";
import { newNode, newStack } from "../../../test/records.ts";
import type { NamespaceStore } from "../engine.ts";
import type { Json } from "../records.ts";

/** Texts that have broken out of somebody's quotes. */
const TEXTS = [
  `it's "quoted"`,
  "back\\slash",
  "ends with a backslash\\",
  `\\' || id != '`,
  `\\" || id != "`,
  `" || @collection._tenants.slug ?= "anna`,
  `' or 1=1 --`,
  `'; drop table stack._tenants; --`,
  "{:name} $1 $name {{name}} [[name]]",
  "%_*?",
  "line\nbreak\ttab\r\nreturn",
  "\u0001\u001f\u007f\u2028",
  "Ärger ßtraße İstanbul",
  "日本語 🏠👩‍👩‍👧",
  "null",
  "true",
  "123",
  "2026-01-01 00:00:00.000Z",
  "@now",
  " spaces around ",
  "<script>alert(1)</script> &amp;",
];

onEveryEngine("hostile names and values", (tested) => {
  let store: NamespaceStore;
  beforeEach(async () => {
    store = await tested.newStore();
  });
  const add = async (changes: Parameters<typeof newStack>[0]) => {
    const [stack] = await store.write([{ kind: "create", collection: "stacks", record: newStack(changes) }]);
    return stack;
  };
  const names = async (filters: Record<string, string>) =>
    (await store.list("stacks", { limit: 100, sort: "id", filters, where: { deletedAt: null } })).items.map(
      ({ name }) => name,
    );

  test("every text comes back as it was, and a filter by it finds that record alone", async () => {
    for (const name of TEXTS) await add({ name, description: name, services: [name], config: { [name]: name } });
    await add({ name: "deleted", description: TEXTS[2] ?? "", deletedAt: new Date() });
    for (const name of TEXTS) {
      expect(await names({ description: name }), name).toEqual([name]);
      expect(await names({ name, description: name }), name).toEqual([name]);
      expect(await names({ config: JSON.stringify({ [name]: name }) }), name).toEqual([name]);
      expect(await store.find("stacks", { name }), name).toMatchObject({ config: { [name]: name }, services: [name] });
    }
  });

  test("paging by such texts meets each once", async () => {
    for (const name of TEXTS) await add({ name });
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.list("stacks", { limit: 4, sort: "-name", cursor });
      seen.push(...page.items.map(({ name }) => name));
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    expect([...seen].sort()).toEqual([...TEXTS].sort());
  });

  test("a name is taken in upper and in lower case, also beyond ASCII", async () => {
    const stack = await add({ name: "Küche" });
    await expect(add({ name: "KÜCHE" })).rejects.toMatchObject({ code: "CONFLICT", fields: [{ path: "name" }] });
    const write = (name: string) =>
      store.write([{ kind: "create", collection: "nodes", record: newNode(stack.id, { name }) }]);
    await write("größe");
    await expect(write("GRÖßE")).rejects.toMatchObject({ code: "CONFLICT", message: expect.stringContaining("node") });
    const other = await add({ name: "Bad" });
    const rename = (name: string) =>
      store.write([{ kind: "update", collection: "stacks", id: other.id, changes: { name } }]);
    await expect(rename("küche")).rejects.toMatchObject({ code: "CONFLICT" });
    await rename("BÄD");
    await rename("Bäd");
  });

  test("what not every engine can store is refused: a NUL character, half a character", async () => {
    for (const bad of ["a\0b", "\ud800", "x\udc00y"]) {
      const refused = { code: "INVALID" };
      await expect(add({ name: bad })).rejects.toMatchObject(refused);
      await expect(add({ config: { deep: [{ [bad]: 1 }] } })).rejects.toMatchObject(refused);
      await expect(store.find("stacks", { name: bad })).rejects.toMatchObject(refused);
      await expect(names({ name: bad })).rejects.toMatchObject(refused);
    }
  });

  test("long texts and deep JSON come back as they were", async () => {
    const description = "ü".repeat(200_000);
    let deep: Json = {};
    for (let i = 0; i < 30; i++) deep = { next: deep, list: [i, null, true, 0.1, -1e-7, 1e21] };
    const config = { deep, __proto__x: 1, constructor: "x", "": "empty", "a.b": { "c d": [] } };
    const stack = await add({ description, config });
    expect(await store.get("stacks", stack.id)).toEqual(stack);
  });

  test("JSON is equal whatever the order of its keys", async () => {
    const stack = await add({ config: { b: { y: 1, x: [2] }, a: "<&>" } });
    expect(await names({ config: `{"a":"<&>","b":{"x":[2],"y":1}}` })).toEqual([stack.name]);
    expect(await names({ config: `{"a":"<&>"}` })).toEqual([]);
  });

  test("ids that are none find nothing and break nothing", async () => {
    const stack = await add({});
    for (const id of ["", "x", `${stack.id}" || id != "`, "../users", "a/b", "%00", uuid().toUpperCase()])
      expect(await store.get("stacks", id), id).toBeNull();
  });

  test("another tenant's record is as unknown as one that never was", async () => {
    const other = await tested.newStore();
    const stack = await add({});
    expect(await other.get("stacks", stack.id)).toBeNull();
    await expect(
      other.write([{ kind: "update", collection: "stacks", id: stack.id, changes: { name: "mine" } }]),
    ).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(
      other.write([{ kind: "create", collection: "nodes", record: newNode(stack.id) }]),
    ).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await store.get("stacks", stack.id)).toEqual(stack);
  });
});
