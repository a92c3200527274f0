import { v7 as uuid } from "uuid";
import { expect, test } from "vitest";
import { desiredTenant } from "../../../test/control-plane-double.ts";
import { onEveryEngine } from "../../../test/engines.ts";
import { newSession, newStack } from "../../../test/records.ts";
import { CURRENT_DEFINITION, type NamespaceDefinition } from "../collections.ts";
import type { Engine } from "../engine.ts";

/** A definition of the past: without one index and one field that today's has. */
const { config: _config, ...olderFields } = CURRENT_DEFINITION.collections.stacks.fields;
const OLDER: NamespaceDefinition = {
  version: 1,
  collections: {
    ...CURRENT_DEFINITION.collections,
    stacks: {
      fields: { ...olderFields, config: { column: "config", type: "json", isNullable: false, initial: {} } },
      indexes: [],
    },
  },
};
/** A definition of the future: with fields and an index that nobody has yet. */
const NEWER: NamespaceDefinition = {
  version: 3,
  collections: {
    ...CURRENT_DEFINITION.collections,
    stacks: {
      fields: {
        ...CURRENT_DEFINITION.collections.stacks.fields,
        rack: { column: "rack", type: "text", isNullable: true },
        shelf: { column: "shelf", type: "integer", isNullable: false, initial: 0 },
      },
      indexes: [...CURRENT_DEFINITION.collections.stacks.indexes, { suffix: "rack", on: ["rack"] }],
    },
  },
};

onEveryEngine("namespaces", (tested) => {
  const storeOf = (engine: Engine, slug: string) => engine.namespace({ id: uuid(), slug });
  const addStack = async (engine: Engine, slug: string) => {
    const record = newStack();
    await storeOf(engine, slug).write([{ kind: "create", collection: "stacks", record }]);
    return record;
  };
  const addTenant = async (slug: string) => {
    const tenant = desiredTenant({ slug });
    await tested.engine.shared.saveTenant(tenant, "ready");
    return tenant.tenantId;
  };
  const newNamespace = async (engine = tested.engine) => {
    const slug = tested.newSlug();
    await engine.createNamespace(slug);
    return slug;
  };

  test("a new one is as defined, and is listed", async () => {
    const slug = await newNamespace();
    expect(await tested.engine.listNamespaces()).toContain(slug);
    expect((await tested.engine.findDrift()).get(slug)).toBeUndefined();
  });

  test("creating it again, also by several at once, changes nothing and keeps its records", async () => {
    const slug = tested.newSlug();
    const another = await tested.open();
    await Promise.allSettled([tested.engine, another, tested.engine].map((engine) => engine.createNamespace(slug)));
    await tested.engine.createNamespace(slug);
    const stack = await addStack(tested.engine, slug);
    await tested.engine.createNamespace(slug);
    expect(await storeOf(tested.engine, slug).get("stacks", stack.id)).toEqual(stack);
    expect((await tested.engine.listNamespaces()).filter((known) => known === slug)).toHaveLength(1);
    expect((await tested.engine.findDrift()).get(slug)).toBeUndefined();
  });

  test("eight are created side by side", async () => {
    const slugs = Array.from({ length: 8 }, () => tested.newSlug());
    await Promise.all(slugs.map((slug) => tested.engine.createNamespace(slug)));
    expect(await tested.engine.listNamespaces()).toEqual(expect.arrayContaining(slugs));
  });

  test("names that are no slug never reach the engine", async () => {
    for (const slug of ["a", "Anna", "x; drop table stack._tenants", "a_b", "", '"', "a".repeat(21)]) {
      await expect(async () => tested.engine.createNamespace(slug), slug).rejects.toThrow("Not a tenant slug");
      await expect(async () => tested.engine.dropNamespace(slug), slug).rejects.toThrow("Not a tenant slug");
      await expect(async () => tested.engine.renameNamespace("anna", slug), slug).rejects.toThrow();
    }
  });

  test("one of an older version is brought to this one: what it lacks is named, its version is stored, its records stay", async () => {
    const older = await tested.open(OLDER);
    const slug = tested.newSlug();
    await addTenant(slug);
    await older.createNamespace(slug);
    expect(await tested.engine.shared.findTenant(slug)).toMatchObject({ namespaceVersion: 1 });
    const stack = await addStack(older, slug);
    expect((await tested.engine.findDrift()).get(slug)?.join()).toContain(`stacks_${slug}_name`);

    await tested.engine.upgradeNamespace(slug);
    expect((await tested.engine.findDrift()).get(slug)).toBeUndefined();
    expect(await tested.engine.shared.findTenant(slug)).toMatchObject({
      namespaceVersion: CURRENT_DEFINITION.version,
    });
    const store = storeOf(tested.engine, slug);
    expect(await store.get("stacks", stack.id)).toEqual(stack);
    const twin = newStack({ name: stack.name.toUpperCase() });
    await expect(store.write([{ kind: "create", collection: "stacks", record: twin }])).rejects.toMatchObject({
      code: "CONFLICT",
    });
  });

  test("a new field comes with its first value, while others read and write", async () => {
    const slug = await newNamespace();
    const store = storeOf(tested.engine, slug);
    const stack = await addStack(tested.engine, slug);
    const newer = await tested.open(NEWER);
    let isOver = false;
    const reads = (async () => {
      let count = 0;
      while (!isOver) {
        expect(await store.get("stacks", stack.id)).toEqual(stack);
        await addStack(tested.engine, slug);
        count += 1;
      }
      return count;
    })();
    await newer.upgradeNamespace(slug);
    await newer.upgradeNamespace(slug);
    isOver = true;
    expect(await reads).toBeGreaterThan(0);
    expect((await newer.findDrift()).get(slug)).toBeUndefined();
    expect(await store.get("stacks", stack.id)).toEqual(stack);
    await addStack(tested.engine, slug);
  });

  test("an upgrade that fails leaves the namespace as it was, and touches no other", async () => {
    const [slug, other] = [await newNamespace(), await newNamespace()];
    const stack = await addStack(tested.engine, slug);
    await storeOf(tested.engine, slug).write([
      { kind: "create", collection: "stacks", record: newStack({ description: stack.description }) },
    ]);
    // Two stacks share a description, so no such index can be made.
    const { stacks } = CURRENT_DEFINITION.collections;
    const impossible = await tested.open({
      version: 9,
      collections: {
        ...NEWER.collections,
        stacks: {
          ...NEWER.collections.stacks,
          indexes: [...stacks.indexes, { suffix: "lone", on: ["description"], isUnique: true }],
        },
      },
    });
    await expect(impossible.upgradeNamespace(slug)).rejects.toThrow();
    expect((await tested.engine.findDrift()).get(slug)).toBeUndefined();
    expect((await (await tested.open(NEWER)).findDrift()).get(slug)?.join(), "nothing of it came").toContain("rack");
    await impossible.upgradeNamespace(other);
    expect((await impossible.findDrift()).has(other)).toBe(false);
  });

  test("under another slug it keeps its records, its tenant and who is signed in", async () => {
    const [from, to] = [await newNamespace(), tested.newSlug()];
    const tenantId = await addTenant(from);
    const stack = await addStack(tested.engine, from);
    const session = newSession(tenantId);
    await tested.engine.shared.createSessions([session]);

    await tested.engine.renameNamespace(from, to);
    const namespaces = await tested.engine.listNamespaces();
    expect(namespaces).toContain(to);
    expect(namespaces).not.toContain(from);
    expect(await storeOf(tested.engine, to).get("stacks", stack.id)).toEqual(stack);
    await addStack(tested.engine, to);
    await expect(storeOf(tested.engine, from).get("stacks", stack.id)).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await tested.engine.shared.findTenant(to)).toMatchObject({ id: tenantId });
    expect(await tested.engine.shared.findSession(session.idHash, "session")).toMatchObject({ tenant: { slug: to } });
    expect((await tested.engine.findDrift()).get(to)).toBeUndefined();
  });

  test("a slug that is taken and a namespace that is not there are refused", async () => {
    const [one, two] = [await newNamespace(), await newNamespace()];
    await expect(tested.engine.renameNamespace(one, two)).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(tested.engine.renameNamespace(tested.newSlug(), tested.newSlug())).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    await expect(tested.engine.replaceNamespace(one, tested.newSlug())).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await tested.engine.listNamespaces()).toEqual(expect.arrayContaining([one, two]));
  });

  test("another takes its place in one step, with the other's records and the same tenant", async () => {
    const [slug, by] = [await newNamespace(), await newNamespace()];
    const tenantId = await addTenant(slug);
    const [old, fresh] = [await addStack(tested.engine, slug), await addStack(tested.engine, by)];
    await tested.engine.replaceNamespace(slug, by);
    const store = storeOf(tested.engine, slug);
    expect(await store.get("stacks", fresh.id)).toEqual(fresh);
    expect(await store.get("stacks", old.id)).toBeNull();
    expect(await tested.engine.listNamespaces()).not.toContain(by);
    expect(await tested.engine.shared.findTenant(slug)).toMatchObject({ id: tenantId });
    await addStack(tested.engine, slug);
    expect((await tested.engine.findDrift()).get(slug)).toBeUndefined();
  });

  test("dropping it leaves nothing of it, also of its tenant, and dropping it again is fine", async () => {
    const [slug, other] = [await newNamespace(), await newNamespace()];
    await addTenant(slug);
    const stack = await addStack(tested.engine, other);
    await tested.engine.dropNamespace(slug);
    await tested.engine.dropNamespace(slug);
    expect(await tested.engine.listNamespaces()).not.toContain(slug);
    expect(await tested.engine.shared.findTenant(slug)).toBeNull();
    await expect(storeOf(tested.engine, slug).list("stacks", { limit: 1, sort: "id" })).rejects.toMatchObject({
      code: "NOT_FOUND",
      message: "This homelab is not on this host any more.",
    });
    expect(await storeOf(tested.engine, other).get("stacks", stack.id)).toEqual(stack);
    await tested.engine.createNamespace(slug);
    await addStack(tested.engine, slug);
  });
});
