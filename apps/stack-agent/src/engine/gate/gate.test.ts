import { v7 as uuid } from "uuid";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { desiredTenant } from "../../../test/control-plane-double.ts";
import { newStack } from "../../../test/records.ts";
import { createTestEngine, type TestEngine } from "../../../test/test-engine.ts";
import type { NamespaceStore } from "../engine.ts";
import { createGate, type Gate } from "./gate.ts";

let here: TestEngine;
let there: TestEngine;
let gate: Gate;
let slug: string;
let store: NamespaceStore;
let count = 0;
beforeAll(async () => {
  [here, there] = await Promise.all([createTestEngine(), createTestEngine()]);
});
afterAll(() => Promise.all([here.drop(), there.drop()]));
beforeEach(async () => {
  gate = createGate(here.engine, { maxWaitMs: 300 });
  slug = `gate${count++}`;
  await gate.engine.createNamespace(slug);
  store = gate.engine.namespace({ id: uuid(), slug });
});

const create = (target = store, record = newStack()) =>
  target.write([{ kind: "create", collection: "stacks", record }]);

test("while a tenant is paused its reads go on, and its writes wait and then happen", async () => {
  const resume = await gate.pause(slug, "Wait.");
  let isWritten = false;
  const writing = create().then(() => {
    isWritten = true;
  });
  expect(await store.countBy("stacks", "status")).toEqual({});
  expect(isWritten).toBe(false);
  resume();
  await writing;
  expect(await store.countBy("stacks", "status")).toEqual({ draft: 1 });
});

test("a pause begins only when no write is under way", async () => {
  const writes = Array.from({ length: 50 }, () => create());
  const resume = await gate.pause(slug, "Wait.");
  const during = await here.admin.unsafe(`select count(*)::int as count from stack.stacks_${slug}`);
  expect(during).toEqual([{ count: 50 }]);
  resume();
  await Promise.all(writes);
});

test("a write that waited too long changes nothing and says when to try again", async () => {
  const resume = await gate.pause(slug, "This homelab is being restored.");
  await expect(create()).rejects.toMatchObject({
    code: "PRECONDITION",
    status: 503,
    retryAfterSeconds: 5,
    message: expect.stringContaining("being restored"),
  });
  resume();
  expect(await store.countBy("stacks", "status")).toEqual({});
});

test("a paused tenant holds up nobody else", async () => {
  const resume = await gate.pause(slug, "Wait.");
  const other = `gate${count++}`;
  await gate.engine.createNamespace(other);
  await create(gate.engine.namespace({ id: uuid(), slug: other }));
  resume();
});

test("a pause of all holds up tenants and shared collections, also beside a paused tenant with a waiting write", async () => {
  const resumeOne = await gate.pause(slug, "Wait.");
  const writing = create().catch((error: unknown) => error);
  const resumeAll = await gate.pauseAll("Wait.");
  await expect(gate.engine.shared.saveContact(new Date())).rejects.toMatchObject({ code: "PRECONDITION" });
  expect((await gate.engine.shared.loadApplied()).contactedAt).toBeNull();
  resumeAll();
  await gate.engine.shared.saveContact(new Date());
  resumeOne();
  expect(await writing).toMatchObject({ code: "PRECONDITION" });
});

test("a store that was handed out before a namespace moved reads and writes where it is now", async () => {
  await there.engine.createNamespace(slug);
  const resume = await gate.pause(slug, "Wait.");
  const writing = create();
  gate.route(slug, there.engine);
  resume();
  await writing;
  expect(await store.countBy("stacks", "status")).toEqual({ draft: 1 });
  const left = await here.admin.unsafe(`select count(*)::int as count from stack.stacks_${slug}`);
  expect(left, "nothing went to the old place").toEqual([{ count: 0 }]);
  expect((await gate.engine.listNamespaces()).filter((name) => name === slug)).toHaveLength(1);
});

test("a tenant that is removed in the middle of a move is gone on both engines", async () => {
  await there.engine.createNamespace(slug);
  gate.route(slug, there.engine);
  await here.engine.shared.saveTenant(desiredTenant({ slug }), "ready");
  await gate.engine.dropNamespace(slug);
  for (const { engine } of [here, there]) expect(await engine.listNamespaces()).not.toContain(slug);
  expect(await gate.engine.shared.findTenant(slug)).toBeNull();
});

test("addresses cannot change while the host moves", async () => {
  gate.setMoving(true);
  await expect(gate.engine.renameNamespace(slug, "other")).rejects.toMatchObject({ code: "PRECONDITION" });
});
