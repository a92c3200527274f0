import { createTestPocketBase, hasPocketBase } from "@kombify/embedded-pocketbase/testing";
import PocketBase, { BaseAuthStore } from "pocketbase";
import { v7 as uuid } from "uuid";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { desiredTenant } from "../../test/control-plane-double.ts";
import { newStack } from "../../test/records.ts";
import { buildSingleTenant, type SingleTenant } from "../../test/single-tenant/build.ts";
import { definitionsOf, KEPT, rowsOf } from "../../test/single-tenant/content.ts";
import type { Engine } from "../engine/engine.ts";
import { type Client, createClient } from "../engine/pocketbase/client.ts";
import { openPocketBaseEngine } from "../engine/pocketbase/pocketbase-engine.ts";
import { migrateDown } from "./migrate-down.ts";
import { migrateUp } from "./migrate-up.ts";
import { planLines } from "./plan.ts";

const never = new AbortController().signal;
const quietly = { say: () => undefined, signal: never };
const SIZES = { users: 30, nodes: 150, jobs: 80 };

describe.skipIf(!hasPocketBase)("a single-tenant PocketBase", () => {
  let pocketbase: Awaited<ReturnType<typeof createTestPocketBase>>;
  let built: SingleTenant;
  let client: Client;
  const engines: Engine[] = [];
  beforeAll(async () => {
    pocketbase = await createTestPocketBase();
    built = await buildSingleTenant(pocketbase.url, pocketbase.superuser, SIZES);
    client = createClient({ url: pocketbase.url, ...pocketbase.superuser });
    await client.logIn();
  });
  afterAll(async () => {
    for (const engine of engines) await engine.close();
    await pocketbase?.drop();
  });
  const openEngine = async () => {
    const engine = await openPocketBaseEngine({ login: { url: pocketbase.url, ...pocketbase.superuser } });
    engines.push(engine);
    return engine;
  };
  const connect = async (person: number, people: string) => {
    const pb = new PocketBase(pocketbase.url, new BaseAuthStore()).autoCancellation(false);
    const { email, password } = built.person(person);
    await pb.collection(people).authWithPassword(email, password);
    return pb;
  };
  const kept = async (names: Record<string, string>) =>
    Object.fromEntries(
      await Promise.all(
        Object.entries(KEPT).map(async ([name, columns]) => [name, await rowsOf(client, names[name] ?? name, columns)]),
      ),
    );
  const NOW = { users: "users_default", stacks: "stacks_default", nodes: "nodes_default", jobs: "jobs_default" };

  test("is planned in words, and nothing of it is touched", async () => {
    const before = await definitionsOf(client);
    const lines = (await planLines(client)).join("\n");
    expect(await definitionsOf(client)).toEqual(before);
    for (const words of [
      "nodes (150 records) becomes nodes_default",
      "field role becomes old_role",
      "field mail is added",
      'listRule: owner = @request.auth.id || isPublic = true -> the tenant\'s wall && (deleted_at = "" && (owner',
      'jobs.state: 16 of "cancelled" become "canceled"',
      "FROM stacks_default AS stacks LEFT JOIN jobs_default AS jobs",
    ])
      expect(lines).toContain(words);
  });

  type Definition = { fields: Array<{ name: string }>; indexes: string[]; listRule: string | null; viewQuery?: string };
  type Undo = () => Promise<unknown>;
  const change = async (name: string, changes: (has: Definition) => object): Promise<Undo> => {
    const has = (await client.pb.collections.getOne(name)) as unknown as Definition;
    await client.pb.collections.update(name, changes(has));
    const { fields, indexes, listRule, viewQuery } = has;
    return () => client.pb.collections.update(name, viewQuery ? { viewQuery } : { fields, indexes, listRule });
  };
  const made = async (collection: object): Promise<Undo> => {
    const { id } = await client.pb.collections.create(collection as never);
    return () => client.pb.collections.delete(id);
  };
  const sql = async (statement: string, undo: string): Promise<Undo> => {
    await client.run(statement);
    return () => client.run(undo);
  };
  const field = (added: object) => (has: Definition) => ({ fields: [...has.fields, added] });
  const REFUSED: Array<[string, () => Promise<Undo>, RegExp]> = [
    [
      "two stacks whose names differ in case only",
      () =>
        sql(
          "UPDATE stacks SET name = 'STACK 1' WHERE name = 'Stack 2'",
          "UPDATE stacks SET name = 'Stack 2' WHERE name = 'STACK 1'",
        ),
      /Two stacks .* share a name.*Rename one/,
    ],
    [
      "a node of no stack",
      () =>
        sql(
          "UPDATE nodes SET stack_id = 'gone' WHERE name = 'node-1'",
          `UPDATE nodes SET stack_id = (SELECT id FROM stacks WHERE name = 'Stack 1') WHERE name = 'node-1'`,
        ),
      /name none that is there: .* Assign them/,
    ],
    [
      "an id of another kind",
      () => sql("INSERT INTO jobs (id, type) VALUES ('Upper', 'update')", "DELETE FROM jobs WHERE id = 'Upper'"),
      /jobs have ids that are neither/,
    ],
    [
      "a second collection of people",
      () => made({ name: "devices", type: "auth" }),
      /people of devices would be shut out/,
    ],
    [
      "a collection that has the new name",
      () => made({ name: "nodes_default", type: "base" }),
      /nodes_default exists already/,
    ],
    ["people of a tenant that nobody knows", () => made({ name: "users_old", type: "base" }), /users_old looks like/],
    [
      "a field with a name of ours",
      () => change("users", field({ name: "issuer", type: "text" })),
      /users\.issuer has a name that the agent needs/,
    ],
    [
      "a field of another type",
      () => change("stacks", field({ name: "deleted_at", type: "text" })),
      /deleted_at is of the type text; it has to be date/,
    ],
    [
      "a field with several values",
      () =>
        change("nodes", (has) => ({
          fields: has.fields.map((one) => (one.name === "status" ? { ...one, maxSelect: 2 } : one)),
        })),
      /nodes\.status holds several values/,
    ],
    [
      "a rule that would let in others",
      () => change("stacks", () => ({ listRule: 'status = "active"' })),
      /asks for status "active", which becomes the same/,
    ],
  ];
  test.each(REFUSED)("is refused with words before anything is touched: %s", async (_, arrange, words) => {
    const undo = await arrange();
    try {
      const before = await definitionsOf(client);
      await expect(planLines(client)).rejects.toThrow(words);
      await expect(migrateUp(client, quietly)).rejects.toThrow(words);
      expect(await definitionsOf(client)).toEqual(before);
    } finally {
      await undo();
    }
  });

  test("loses nothing that its clients write while it becomes a tenant", async () => {
    const before = { definitions: await definitionsOf(client), rows: await rowsOf(client, "nodes", "stack_id") };
    const pb = await connect(3, "users");
    const [stack] = (await pb.collection("stacks").getFullList({ filter: "isPublic = false" })).map(({ id }) => id);
    const written: string[] = [];
    let isOver = false;
    const writing = (async () => {
      for (let i = 0; !isOver; i++)
        await pb
          .collection("nodes")
          .create({ name: `while ${i}`, stack_id: stack })
          .then(
            ({ id }) => written.push(id),
            () => undefined,
          );
    })();
    await migrateUp(client, quietly);
    isOver = true;
    await writing;
    expect(written.length).toBeGreaterThan(0);
    const engine = await openEngine();
    const store = engine.namespace({ id: uuid(), slug: "default" });
    for (const id of written)
      expect(await store.get("nodes", id)).toMatchObject({ stackId: stack, role: "foundation" });
    await migrateDown(client, quietly);
    for (const id of written) await client.pb.collection("nodes").delete(id);
    expect(await definitionsOf(client)).toEqual(before.definitions);
    expect(await rowsOf(client, "nodes", "stack_id")).toEqual(before.rows);
  });

  test("says which records a superuser wrote behind its back", async () => {
    const stopping = new AbortController();
    const say = (line: string) => line.includes("rename done") && stopping.abort(new Error("stopped"));
    await expect(migrateUp(client, { say, signal: stopping.signal })).rejects.toThrow("stopped");
    expect((await planLines(client))[1]).toBe("  fill: fill the new fields");
    await client.run("UPDATE stacks_default SET description = 'behind' WHERE name = 'Stack 5'");
    await expect(migrateUp(client, quietly)).rejects.toThrow(
      /1 record changed while the Stack was closed: stacks\/.*--down/,
    );
    await migrateDown(client, quietly);
    await client.run("UPDATE stacks SET description = '' WHERE name = 'Stack 5'");
  });

  test("becomes a tenant that the agent works with, beside tenants that were there", async () => {
    const engine = await openEngine();
    const other = desiredTenant();
    await engine.shared.saveTenant(other, "ready");
    await engine.createNamespace(other.slug);
    const rows = await kept({});
    expect(await migrateUp(client, quietly)).toBe("done");
    expect(await kept(NOW)).toEqual(rows);
    expect(await engine.findDrift()).toEqual(new Map());
    expect((await engine.listNamespaces()).sort()).toEqual(["default", other.slug].sort());
    const tenant = await engine.shared.findTenant("default");
    expect(tenant).toMatchObject({ state: "ready", generation: 1, namespaceVersion: engine.namespaceVersion });
    const store = engine.namespace({ id: tenant?.id ?? "", slug: "default" });
    expect(await store.countBy("users", "role")).toEqual({ owner: 1, member: SIZES.users - 1 });
    expect(await store.get("users", built.person(7).id)).toMatchObject({
      issuer: "urn:kombify:stack:local",
      subject: built.person(7).id,
      email: built.person(7).email,
    });
    const states = Object.keys(await store.countBy("jobs", "state"));
    expect(states.sort(), "what ran in the old Stack is not run again").toEqual([
      "canceled",
      "completed",
      "failed",
      "pending",
    ]);
    const page = await store.list("nodes", { limit: 200, sort: "createdAt" });
    expect(page.items).toHaveLength(SIZES.nodes);
    const mine = newStack();
    await store.write([{ kind: "create", collection: "stacks", record: mine }]);
    await store.write([{ kind: "create", collection: "stacks", record: newStack() }]);
    expect(await store.get("stacks", mine.id)).toEqual(mine);
    expect(await migrateUp(client, quietly)).toBe("already done");
    expect(await planLines(client)).toEqual(["Already done: nothing is left."]);
  });

  test("goes back to what it was, with what came since, and begins anew", async () => {
    const engine = await openEngine();
    const store = engine.namespace({ id: uuid(), slug: "default" });
    const [mine, deleted] = [newStack({ name: "made by the agent" }), newStack({ deletedAt: new Date() })];
    for (const record of [mine, deleted]) await store.write([{ kind: "create", collection: "stacks", record }]);
    const moved = (await client.pb.collection("stacks_default").getFirstListItem('extra.before.status.from = "active"'))
      .id;
    await store.write([{ kind: "update", collection: "stacks", id: moved, changes: { status: "stopped" } }]);
    const token = (await connect(4, "users_default")).authStore.token;
    expect(await migrateDown(client, quietly)).toBe("done");
    const stacks = await client.pb.collection("stacks").getFullList();
    expect(stacks.find(({ id }) => id === mine.id)?.name).toBe("made by the agent");
    expect(stacks.some(({ id }) => id === deleted.id)).toBe(false);
    expect(stacks.find(({ id }) => id === moved)?.status, "changed since").toBe("stopped");
    expect(new Set(stacks.map(({ status }) => status))).toContain("active");
    const jobs = await client.pb.collection("jobs").getFullList();
    expect(new Set(jobs.map(({ state }) => state))).toEqual(
      new Set(["pending", "running", "completed", "failed", "cancelled"]),
    );
    const pb = await connect(4, "users");
    pb.authStore.save(token, null);
    expect((await pb.collection("users").authRefresh()).record.role).toBe("user");
    await expect(migrateDown(client, quietly)).rejects.toThrow("nothing to go back from");
    expect(await migrateUp(client, quietly)).toBe("done");
    await migrateDown(client, quietly);
  });

  test("may lack collections, which are made and go again", async () => {
    const before = await definitionsOf(client);
    await client.pb.collections.delete("stack_overview");
    await client.pb.collections.delete("jobs");
    await migrateUp(client, quietly);
    const engine = await openEngine();
    expect(await engine.findDrift()).toEqual(new Map());
    await migrateDown(client, quietly);
    const { jobs: _jobs, stack_overview: _view, ...rest } = before as Record<string, unknown>;
    expect(await definitionsOf(client)).toEqual(rest);
  });
});
