import { randomBytes } from "node:crypto";
import { v7 as uuid } from "uuid";
import { expect, test } from "vitest";
import { onEveryEngine } from "../../../test/engines.ts";
import { newNode, newStack, newTestJob, newUser } from "../../../test/records.ts";
import type { NamespaceStore } from "../engine.ts";
import {
  differences,
  digestOf,
  type NamespaceTransfer,
  type StoredRecord,
  sumOf,
  TRANSFER_ORDER,
} from "../transfer.ts";

/** Copies everything, as an import does. */
async function copy(from: NamespaceTransfer, to: NamespaceTransfer): Promise<void> {
  for (const collection of TRANSFER_ORDER)
    for await (const records of from.read(collection)) await to.put(collection, records);
  for await (const file of from.files()) await to.putFile(file, await from.readFile(file));
}
async function readAll(namespace: NamespaceTransfer, collection: "users" | "stacks" | "nodes" | "jobs") {
  const records: StoredRecord[] = [];
  for await (const page of namespace.read(collection)) records.push(...page);
  return records;
}

onEveryEngine("export and import", (tested) => {
  const fill = async (store: NamespaceStore) => {
    const users = [newUser(), newUser({ name: `"'\\ ü` })];
    const stacks = Array.from({ length: 3 }, (_, i) =>
      newStack({ name: `s${i} '"\\`, createdBy: users[0]?.id ?? null }),
    );
    const nodes = stacks.flatMap(({ id }) => [
      newNode(id),
      newNode(id, { name: "b", metadata: { deep: [null, 1.5] } }),
    ]);
    const jobs = Array.from({ length: 700 }, (_, i) =>
      newTestJob({ target: `job ${i}`, logs: [{ at: new Date().toISOString(), message: "x" }] }),
    );
    await store.write([
      ...users.map((record) => ({ kind: "create", collection: "users", record }) as const),
      ...stacks.map((record) => ({ kind: "create", collection: "stacks", record }) as const),
      ...nodes.map((record) => ({ kind: "create", collection: "nodes", record }) as const),
      ...jobs.map((record) => ({ kind: "create", collection: "jobs", record }) as const),
    ]);
    return { users, stacks, nodes, jobs };
  };
  const transferOf = (store: NamespaceStore) => tested.engine.transfer(store.tenant.slug);

  test("everything is read once, in the order of ids, times as text", async () => {
    const store = await tested.newStore();
    const { jobs, stacks } = await fill(store);
    const read = await readAll(transferOf(store), "jobs");
    expect(read.map(({ id }) => id)).toEqual(jobs.map(({ id }) => id).sort());
    const { id, ...first } = [...stacks].sort((a, b) => (a.id < b.id ? -1 : 1))[0]!;
    expect((await readAll(transferOf(store), "stacks"))[0]).toEqual({
      id,
      fields: { ...first, createdAt: first.createdAt.toISOString(), updatedAt: first.updatedAt.toISOString() },
      extra: {},
    });
  });

  test("a copy has the same counts and digests, also when it was made twice, and is a namespace like any other", async () => {
    const [from, to] = [await tested.newStore(), await tested.newStore()];
    const { stacks } = await fill(from);
    await copy(transferOf(from), transferOf(to));
    const sum = await sumOf(transferOf(from));
    expect(sum.jobs.count).toBe(700);
    expect(differences(sum, await sumOf(transferOf(to)))).toEqual([]);
    for (const collection of TRANSFER_ORDER)
      for await (const records of transferOf(from).read(collection)) await transferOf(to).put(collection, records);
    expect(differences(sum, await sumOf(transferOf(to)))).toEqual([]);
    expect(await to.get("stacks", stacks[0]!.id)).toEqual(stacks[0]);
    await to.write([{ kind: "update", collection: "stacks", id: stacks[0]!.id, changes: { name: "changed" } }]);
    expect(differences(sum, await sumOf(transferOf(to)))).toEqual(["stacks"]);
  });

  test("what a record brought along stays with it, and its own API does not show it", async () => {
    const [from, to] = [await tested.newStore(), await tested.newStore()];
    const stack = newStack();
    const { id, ...fields } = JSON.parse(JSON.stringify(stack));
    const extra = { owner: "abcdefghijklmno", notes: "it's", tags: ["a", "b"], deep: { x: [1, null] } };
    const old = { id: "a1b2c3d4e5f6g7h", fields, extra };
    await transferOf(from).put("stacks", [old]);
    await copy(transferOf(from), transferOf(to));
    expect(await readAll(transferOf(to), "stacks")).toEqual([old]);
    await to.write([{ kind: "update", collection: "stacks", id: old.id, changes: { name: "n" } }]);
    expect(await to.get("stacks", old.id)).toEqual({ ...stack, id: old.id, name: "n" });
    expect((await readAll(transferOf(to), "stacks"))[0]?.extra).toEqual(extra);
    expect(id).not.toBe(old.id);
  });

  test("putting replaces, removing removes, and what is not there is no trouble", async () => {
    const store = await tested.newStore();
    const { nodes, jobs } = await fill(store);
    const [record] = await readAll(transferOf(store), "nodes");
    await transferOf(store).put("nodes", [{ ...record!, fields: { ...record!.fields, address: "10.0.0.9" } }]);
    expect(await store.get("nodes", record!.id)).toMatchObject({ address: "10.0.0.9" });
    await transferOf(store).remove("nodes", [record!.id, uuid()]);
    await transferOf(store).remove(
      "jobs",
      jobs.map(({ id }) => id),
    );
    const sum = await sumOf(transferOf(store));
    expect([sum.nodes.count, sum.jobs.count]).toEqual([nodes.length - 1, 0]);
  });

  test("files come along, byte for byte, and go with their record", async () => {
    const [from, to] = [await tested.newStore(), await tested.newStore()];
    const { stacks, nodes } = await fill(from);
    const contents = [randomBytes(300_000), Buffer.from("<svg/>"), Buffer.alloc(1)];
    for (const [i, content] of contents.entries())
      await transferOf(from).putFile(
        { collection: "stacks", recordId: stacks[i < 2 ? 0 : 1]!.id, field: "diagrams", name: `diagram ${i} ü'.svg` },
        content,
      );
    await transferOf(from).putFile(
      { collection: "nodes", recordId: nodes[0]!.id, field: "photo", name: "a.bin" },
      contents[0]!,
    );
    await copy(transferOf(from), transferOf(to));
    const sum = await sumOf(transferOf(from));
    expect(sum.files.count).toBe(4);
    expect(differences(sum, await sumOf(transferOf(to)))).toEqual([]);
    const found: string[] = [];
    for await (const file of transferOf(to).files()) {
      const content = await transferOf(to).readFile(file);
      expect(content.byteLength).toBe(file.size);
      found.push(digestOf(content));
    }
    expect(found.sort()).toEqual([...contents, contents[0]!].map(digestOf).sort());

    await transferOf(to).remove(
      "nodes",
      nodes.map(({ id }) => id),
    );
    for await (const file of transferOf(to).files())
      if (file.recordId === stacks[1]!.id) await transferOf(to).removeFile(file);
    expect((await sumOf(transferOf(to))).files.count).toBe(2);
    expect((await sumOf(transferOf(to))).stacks).toEqual(sum.stacks);
  });

  test("a namespace that was made like another takes its place with everything, people's files included", async () => {
    const store = await tested.newStore();
    const { users, stacks } = await fill(store);
    const photo = randomBytes(5_000);
    const file = { collection: "users", recordId: users[0]!.id, field: "avatar", name: "me.png" } as const;
    await transferOf(store).putFile(file, photo);
    const sum = await sumOf(transferOf(store));
    const beside = tested.newSlug();
    await tested.engine.createNamespace(beside, store.tenant.slug);
    await copy(transferOf(store), tested.engine.transfer(beside));
    expect(differences(sum, await sumOf(tested.engine.transfer(beside)))).toEqual([]);
    await store.write([{ kind: "create", collection: "stacks", record: newStack() }]);

    await tested.engine.replaceNamespace(store.tenant.slug, beside);
    expect(differences(sum, await sumOf(transferOf(store)))).toEqual([]);
    expect(await store.get("stacks", stacks[0]!.id)).toEqual(stacks[0]);
    await store.write([{ kind: "update", collection: "users", id: users[0]!.id, changes: { name: "New" } }]);
    for await (const found of transferOf(store).files())
      expect(digestOf(await transferOf(store).readFile(found))).toBe(digestOf(photo));
    expect((await tested.engine.findDrift()).get(store.tenant.slug)).toBeUndefined();
  });
});
