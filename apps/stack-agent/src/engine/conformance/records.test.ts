import { v7 as uuid } from "uuid";
import { beforeEach, expect, test } from "vitest";
import { onEveryEngine } from "../../../test/engines.ts";
import { newNode, newStack } from "../../../test/records.ts";
import type { NamespaceStore } from "../engine.ts";
import type { StackRecord } from "../records.ts";

onEveryEngine("records", (tested) => {
  let store: NamespaceStore;
  beforeEach(async () => {
    store = await tested.newStore();
  });

  const createStacks = async (...stacks: StackRecord[]) => {
    await store.write(stacks.map((record) => ({ kind: "create", collection: "stacks", record }) as const));
    return stacks;
  };

  test("paging walks over every record once, while records come and go", async () => {
    const createdAt = new Date("2026-01-01T00:00:00.123Z");
    const stacks = await createStacks(...Array.from({ length: 25 }, (_, i) => newStack({ name: `s${i}`, createdAt })));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.list("stacks", { limit: 4, sort: "-createdAt", cursor });
      seen.push(...page.items.map(({ id }) => id));
      await createStacks(newStack({ createdAt: new Date("2026-02-01") }));
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    expect(seen).toEqual(
      stacks
        .map(({ id }) => id)
        .sort()
        .reverse(),
    );
  });

  test("every declared field filters by equality", async () => {
    const [stack] = await createStacks(
      newStack({ name: "a", config: { a: [1] }, description: "it's" }),
      newStack({ name: "b" }),
    );
    for (const [field, value] of Object.entries(stack as StackRecord)) {
      const text =
        value === null
          ? ""
          : value instanceof Date
            ? value.toISOString()
            : typeof value === "string"
              ? value
              : JSON.stringify(value);
      const { items } = await store.list("stacks", { limit: 10, sort: "name", filters: { [field]: text } });
      expect(
        items.map(({ name }) => name),
        field,
      ).toContain("a");
    }
    const { items } = await store.list("stacks", { limit: 10, sort: "name", filters: { name: "a", status: "draft" } });
    expect(items).toEqual([stack]);
  });

  test("an unknown field, a wrong value, a foreign cursor and an unsortable field are refused with what would be right", async () => {
    const list = (query: object) => store.list("stacks", { limit: 10, sort: "name", ...query });
    await expect(list({ filters: { colour: "red", id: "7" } })).rejects.toMatchObject({
      code: "INVALID",
      fields: [{ path: "colour" }, { path: "id", message: "Use the id of a record." }],
    });
    await expect(list({ filters: { toString: "x" } })).rejects.toMatchObject({ code: "INVALID" });
    await expect(list({ cursor: "bm9wZQ" })).rejects.toMatchObject({ fields: [{ path: "cursor" }] });
    await expect(list({ sort: "deletedAt" })).rejects.toMatchObject({ fields: [{ path: "sort" }] });
    await expect(list({ sort: "name; drop table x" })).rejects.toMatchObject({ fields: [{ path: "sort" }] });
  });

  test("two live stacks cannot have one name, whatever its case; a deleted one frees it", async () => {
    const [stack] = await createStacks(newStack({ name: "Media" }));
    await expect(createStacks(newStack({ name: "media" }))).rejects.toMatchObject({
      code: "CONFLICT",
      fields: [{ path: "name" }],
    });
    await store.write([{ kind: "update", collection: "stacks", id: stack!.id, changes: { deletedAt: new Date() } }]);
    await createStacks(newStack({ name: "media" }));
  });

  test("a write that fails in one step leaves no trace of the others", async () => {
    const stack = newStack();
    const write = store.write([
      { kind: "create", collection: "stacks", record: stack },
      { kind: "update", collection: "nodes", id: uuid(), changes: { name: "x" } },
    ]);
    await expect(write).rejects.toMatchObject({ code: "NOT_FOUND", message: "There is no such node." });
    expect(await store.get("stacks", stack.id)).toBeNull();
  });

  test("a node belongs to a stack that exists", async () => {
    const create = store.write([{ kind: "create", collection: "nodes", record: newNode(uuid()) }]);
    await expect(create).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
