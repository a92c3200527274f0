import { v7 as uuid } from "uuid";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { newNode, newStack } from "../../../test/records.ts";
import { createTestEngine, type TestEngine } from "../../../test/test-engine.ts";

let db: TestEngine;
let slug: string;
let count = 0;
const stack = newStack();
const file = { collection: "stacks", recordId: stack.id, field: "plan", name: "a" } as const;
beforeAll(async () => {
  db = await createTestEngine();
});
afterAll(() => db.drop());
beforeEach(async () => {
  slug = `from${count++}x`;
  await create(slug, stack);
});

const tenants = new Map<string, string>();
async function create(slug: string, record = newStack()) {
  const tenantId = uuid();
  tenants.set(slug, tenantId);
  await db.engine.shared.saveTenant(
    { tenantId, slug, orgId: "org", name: slug, plan: "free", state: "active", generation: 1 } as never,
    "ready",
  );
  await db.engine.createNamespace(slug);
  await storeOf(slug).write([
    { kind: "create", collection: "stacks", record },
    { kind: "create", collection: "nodes", record: newNode(record.id) },
  ]);
  return record;
}
const storeOf = (slug: string) => db.engine.namespace({ id: uuid(), slug });
const tenantOf = async (slug: string) => (await db.engine.shared.listTenants()).find((tenant) => tenant.slug === slug);
/** Everything in the catalog that is called after a slug. */
const namesOf = async (slug: string) =>
  (
    await db.admin`
      select relname as name from pg_class where relname ~ ${`_${slug}(_|$)`}
      union all select conname from pg_constraint where conname ~ ${`_${slug}(_|$)`}
      union all select typname from pg_type where typname ~ ${`_${slug}(_|$)`}
      union all select rolname from pg_roles where rolname = ${db.rolePrefix + slug} order by 1`
  ).map(({ name }) => name);
const signIn = async (tenantId: string) => {
  const idHash = uuid();
  const person = {
    userId: "pocketbase00id1",
    email: "a@home.example",
    name: "A",
    role: "owner" as const,
    subject: "1",
    sid: null,
  };
  const expiresAt = new Date(Date.now() + 60_000);
  await db.engine.shared.createSessions([
    { idHash, kind: "session", tenantId, generation: 1, ...person, issuedAt: new Date(), expiresAt },
  ]);
  return idHash;
};

test("a renamed namespace has its records, files and people under the new name, and nothing bears the old one", async () => {
  await db.engine.transfer(slug).putFile(file, Buffer.from("a"));
  const session = await signIn(tenants.get(slug) ?? "");
  const open = storeOf(slug);
  expect(await open.get("stacks", stack.id)).toEqual(stack);
  await db.engine.renameNamespace(slug, "fresh");
  expect(await storeOf("fresh").get("stacks", stack.id)).toEqual(stack);
  expect(await db.engine.transfer("fresh").readFile(file)).toEqual(Buffer.from("a"));
  expect(await namesOf(slug)).toEqual([]);
  expect((await db.engine.findDrift()).size).toBe(0);
  expect(await db.engine.shared.findSession(session, "session")).toMatchObject({ tenant: { slug: "fresh" } });
  const again = { kind: "create", collection: "stacks", record: newStack({ name: stack.name }) } as const;
  await expect(storeOf("fresh").write([again])).rejects.toMatchObject({ fields: [{ path: "name" }] });
  await expect(open.get("stacks", stack.id)).rejects.toMatchObject({ code: "NOT_FOUND" });
  // Somebody else may get the old name, on connections that have prepared statements for it.
  await create(slug, newStack({ name: "another" }));
  for (let i = 0; i < 20; i++) expect(await open.get("stacks", stack.id)).toBeNull();
});

test("a name that is taken, by a namespace or a tenant without one, is refused", async () => {
  await create(`${slug}2`);
  await expect(db.engine.renameNamespace(slug, `${slug}2`)).rejects.toMatchObject({ code: "CONFLICT" });
  await db.engine.dropNamespace(`${slug}2`);
  await db.engine.createNamespace(`${slug}2`);
  await expect(db.engine.renameNamespace(slug, `${slug}2`)).rejects.toMatchObject({ code: "CONFLICT" });
  await expect(db.engine.renameNamespace("nowhere", `${slug}3`)).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect(await storeOf(slug).get("stacks", stack.id)).toEqual(stack);
});

test("a namespace that replaces another takes its name, its tenant and its sessions, and the other one's records are gone", async () => {
  const session = await signIn(tenants.get(slug) ?? "");
  await db.engine.createNamespace(`${slug}by`);
  const restored = newStack({ name: "restored" });
  await storeOf(`${slug}by`).write([{ kind: "create", collection: "stacks", record: restored }]);
  const open = storeOf(slug);
  for (let i = 0; i < 20; i++) expect(await open.get("stacks", stack.id)).toEqual(stack);
  await db.engine.replaceNamespace(slug, `${slug}by`);
  await Promise.all(
    Array.from({ length: 20 }, async () => {
      expect(await open.get("stacks", stack.id)).toBeNull();
      expect(await open.get("stacks", restored.id)).toEqual(restored);
    }),
  );
  expect(await namesOf(`${slug}by`)).toEqual([]);
  expect((await db.engine.findDrift()).size).toBe(0);
  expect(await tenantOf(slug)).toMatchObject({ namespaceVersion: db.engine.namespaceVersion });
  expect(await db.engine.shared.findSession(session, "session")).toMatchObject({ tenant: { slug } });
});

test("replacing needs both, and changes nothing when one is missing", async () => {
  await expect(db.engine.replaceNamespace(slug, "nowhere")).rejects.toMatchObject({ code: "NOT_FOUND" });
  await expect(db.engine.replaceNamespace("nowhere", slug)).rejects.toMatchObject({ code: "NOT_FOUND" });
  expect(await storeOf(slug).get("stacks", stack.id)).toEqual(stack);
});

test("readers of a namespace that is replaced again and again always see one of its states whole", async () => {
  let isDone = false;
  const failures: unknown[] = [];
  const read = async () => {
    while (!isDone)
      await storeOf(slug)
        .list("stacks", { limit: 5, sort: "createdAt" })
        .then(({ items }) => expect(items).toHaveLength(1))
        .catch((error: unknown) => failures.push(error));
  };
  const readers = Array.from({ length: 8 }, read);
  for (let i = 0; i < 8; i++) {
    await create(`${slug}n${i}`);
    await db.engine.replaceNamespace(slug, `${slug}n${i}`);
  }
  isDone = true;
  await Promise.all(readers);
  expect(failures).toEqual([]);
});
