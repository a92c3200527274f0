/** What somebody reaches who goes to PocketBase itself with the token of a tenant: that tenant's collections, nothing else. */
import { createTestPocketBase, hasPocketBase } from "@kombify/embedded-pocketbase/testing";
import { EventSource } from "eventsource";
import PocketBase, { BaseAuthStore, type RecordModel } from "pocketbase";
import { v7 as uuid } from "uuid";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { desiredTenant } from "../../../test/control-plane-double.ts";
import { newNode, newStack, newTestJob, newUser } from "../../../test/records.ts";
import type { Engine } from "../engine.ts";
import type { NodeRecord, StackRecord, UserRecord } from "../records.ts";
import { openPocketBaseEngine } from "./pocketbase-engine.ts";

type Household = {
  id: string;
  slug: string;
  user: UserRecord;
  viewer: UserRecord;
  stack: StackRecord;
  node: NodeRecord;
};

describe.skipIf(!hasPocketBase)("a tenant's token at PocketBase's own API", () => {
  let server: Awaited<ReturnType<typeof createTestPocketBase>>;
  let engine: Engine;
  let anna: Household;
  let berta: Household;
  /** Anna's, against PocketBase itself. */
  let pb: PocketBase;

  const clientOf = async ({ id, slug }: Household, userId: string) => {
    const client = new PocketBase(server.url, new BaseAuthStore()).autoCancellation(false);
    client.authStore.save(await engine.issueToken({ id, slug }, userId, 300), null);
    return client;
  };
  const addHousehold = async (slug: string): Promise<Household> => {
    const tenant = desiredTenant({ slug, tenantId: uuid() });
    await engine.shared.saveTenant(tenant, "ready");
    await engine.createNamespace(slug);
    const [user, viewer, stack] = [
      newUser({ role: "owner" }),
      newUser({ role: "viewer" }),
      newStack({ name: `secret of ${slug}` }),
    ];
    const node = newNode(stack.id);
    await engine.namespace({ id: tenant.tenantId, slug }).write([
      { kind: "create", collection: "users", record: user },
      { kind: "create", collection: "users", record: viewer },
      { kind: "create", collection: "stacks", record: stack },
      { kind: "create", collection: "nodes", record: node },
      { kind: "create", collection: "jobs", record: newTestJob({ stackId: stack.id }) },
    ]);
    return { id: tenant.tenantId, slug, user, viewer, stack, node };
  };

  beforeAll(async () => {
    server = await createTestPocketBase();
    engine = await openPocketBaseEngine({ login: { url: server.url, ...server.superuser } });
    [anna, berta] = [await addHousehold("anna"), await addHousehold("berta")];
  });
  afterAll(() => server?.drop());
  beforeEach(async () => {
    pb = await clientOf(anna, anna.user.id);
  });
  const body = (changes: object = {}) => ({
    name: `n${uuid()}`,
    mode: "easy",
    status: "draft",
    created_at: new Date(),
    updated_at: new Date(),
    ...changes,
  });
  const refused = (status: number) => expect.objectContaining({ status });
  const everything = (client: PocketBase, collection: string) => client.collection(collection).getFullList();

  test("shows everything of its own tenant", async () => {
    for (const [collection, count] of [
      ["users", 2],
      ["stacks", 1],
      ["nodes", 1],
      ["jobs", 1],
    ] as const)
      expect(await everything(pb, `${collection}_anna`), collection).toHaveLength(count);
    const node = await pb.collection("nodes_anna").getOne(anna.node.id, { expand: "stack_id" });
    expect(node.expand).toMatchObject({ stack_id: { name: "secret of anna" } });
  });

  test("creates, changes and removes stacks and nodes, and the agent sees it", async () => {
    const stack = await pb.collection("stacks_anna").create(body());
    await pb.collection("stacks_anna").update(stack.id, { description: "by hand" });
    const store = engine.namespace(anna);
    expect(await store.get("stacks", stack.id)).toMatchObject({ description: "by hand", services: [], config: {} });
    await pb.collection("stacks_anna").delete(stack.id);
    expect(await store.get("stacks", stack.id)).toBeNull();
  });

  test("changes neither people nor jobs, and nothing at all for somebody who only looks", async () => {
    const [job] = await everything(pb, "jobs_anna");
    const attempts = [
      () => pb.collection("users_anna").update(anna.user.id, { role: "admin" }),
      () => pb.collection("users_anna").create({ ...body(), password: "12345678", passwordConfirm: "12345678" }),
      () => pb.collection("users_anna").delete(anna.viewer.id),
      () => pb.collection("jobs_anna").update(job!.id, { state: "completed" }),
      () => pb.collection("jobs_anna").create(body()),
    ];
    for (const attempt of attempts) await expect(attempt()).rejects.toEqual(refused(403));
    const viewer = await clientOf(anna, anna.viewer.id);
    expect(await everything(viewer, "stacks_anna")).toHaveLength(1);
    await expect(viewer.collection("stacks_anna").create(body())).rejects.toEqual(refused(400));
    await expect(viewer.collection("stacks_anna").update(anna.stack.id, { name: "x" })).rejects.toEqual(refused(404));
    await expect(viewer.collection("nodes_anna").delete(anna.node.id)).rejects.toEqual(refused(404));
  });

  test("lists, views, creates, changes and removes nothing of another tenant", async () => {
    for (const collection of ["users", "stacks", "nodes", "jobs"])
      expect(await everything(pb, `${collection}_berta`)).toEqual([]);
    const stacks = pb.collection("stacks_berta");
    await expect(stacks.getOne(berta.stack.id)).rejects.toEqual(refused(404));
    await expect(stacks.create(body())).rejects.toEqual(refused(400));
    await expect(stacks.update(berta.stack.id, { name: "mine" })).rejects.toEqual(refused(404));
    await expect(stacks.delete(berta.stack.id)).rejects.toEqual(refused(404));
    await expect(pb.collection("users_berta").getOne(berta.user.id)).rejects.toEqual(refused(404));
    expect(await engine.namespace(berta).get("stacks", berta.stack.id)).toEqual(berta.stack);
  });

  test("reaches no shared collection, no collection's definition, no setting, no SQL, no other's token", async () => {
    for (const collection of [
      "_tenants",
      "_sessions",
      "_sso_mappings",
      "_applied",
      "_batons",
      "_feature_flags",
      "_pending_files",
      "_superusers",
    ])
      await expect(everything(pb, collection), collection).rejects.toEqual(refused(403));
    for (const call of [
      () => pb.collections.getFullList(),
      () => pb.settings.getAll(),
      () => pb.sql.run("select * from stacks_berta"),
      () => pb.backups.getFullList(),
      () => pb.logs.getList(),
      () => pb.collection("users_berta").impersonate(berta.user.id, 60),
      () => pb.collection("users_anna").impersonate(anna.viewer.id, 60),
    ])
      await expect(call()).rejects.toEqual(refused(403));
  });

  test("a relation to another tenant's record can neither be made nor followed", async () => {
    const node = { name: "n", role: "worker", status: "pending", created_at: new Date(), updated_at: new Date() };
    await expect(pb.collection("nodes_anna").create({ ...node, stack_id: berta.stack.id })).rejects.toEqual(
      refused(400),
    );
    await expect(pb.collection("nodes_anna").update(anna.node.id, { stack_id: berta.stack.id })).rejects.toEqual(
      refused(400),
    );
    const [stack] = await pb
      .collection("stacks_anna")
      .getFullList({ expand: "nodes_anna_via_stack_id,nodes_berta_via_stack_id" });
    expect(Object.keys(stack?.expand ?? {})).toEqual(["nodes_anna_via_stack_id"]);
  });

  test("filters and sorting tell nothing of other collections or hidden fields", async () => {
    for (const filter of [
      '@collection.stacks_berta.name ~ "secret"',
      '@collection._tenants.slug ?= "berta"',
      'nodes_berta_via_stack_id.name ?= "nas"',
      'extra = ""',
      'stack_id.extra.x = ""',
    ]) {
      const asked = pb.collection("stacks_anna").getList(1, 5, { filter });
      await expect(asked, filter).rejects.toMatchObject({ status: expect.toBeOneOf([400, 403]) });
    }
    await expect(
      pb.collection("stacks_anna").getList(1, 5, { sort: "@collection.stacks_berta.name" }),
    ).rejects.toBeDefined();
    const [record] = await pb.collection("stacks_anna").getFullList({ fields: "*,extra" });
    expect(record).not.toHaveProperty("extra");
    const made = await pb.collection("stacks_anna").create(body({ extra: { passwordHash: "x" } }));
    for await (const records of engine.transfer("anna").read("stacks"))
      expect(records.find(({ id }) => id === made.id)?.extra).toEqual({});
    await pb.collection("stacks_anna").delete(made.id);
  });

  test("hears of changes of its own tenant and of no other", async () => {
    const heard: string[] = [];
    globalThis.EventSource = EventSource as never;
    const listen = (collection: string) =>
      pb
        .collection(collection)
        .subscribe("*", ({ record }: { record: RecordModel }) => void heard.push(record.collectionName));
    await Promise.all(["stacks_anna", "stacks_berta", "nodes_berta", "jobs_berta", "users_berta"].map(listen));
    const rename = (household: Household) =>
      engine.namespace(household).write([
        { kind: "update", collection: "stacks", id: household.stack.id, changes: { description: uuid() } },
        { kind: "update", collection: "users", id: household.user.id, changes: { lastSeenAt: new Date() } },
      ]);
    await rename(berta);
    await rename(anna);
    await expect.poll(() => heard.length).toBeGreaterThan(0);
    expect(new Set(heard)).toEqual(new Set(["stacks_anna"]));
    pb.realtime.unsubscribe();
  });

  test("a batch that touches another tenant changes nothing at all", async () => {
    const batch = pb.createBatch();
    batch.collection("stacks_anna").update(anna.stack.id, { description: "in a batch" });
    batch.collection("stacks_berta").update(berta.stack.id, { description: "in a batch" });
    await expect(batch.send()).rejects.toEqual(refused(400));
    expect((await engine.namespace(anna).get("stacks", anna.stack.id))?.description).not.toBe("in a batch");
    const own = pb.createBatch();
    own.collection("stacks_anna").update(anna.stack.id, { description: "in a batch" });
    await own.send();
    expect((await engine.namespace(anna).get("stacks", anna.stack.id))?.description).toBe("in a batch");
  });

  test("nobody logs in with a password, and a token is not made longer", async () => {
    for (const identity of [anna.user.email, anna.user.id])
      await expect(pb.collection("users_anna").authWithPassword(identity, "anything at all")).rejects.toMatchObject({
        status: expect.toBeOneOf([400, 403]),
      });
    const before = pb.authStore.token;
    await pb
      .collection("users_anna")
      .authRefresh()
      .catch((error: { status: number }) => expect([400, 401, 403]).toContain(error.status));
    expect(pb.authStore.token === before || pb.authStore.token === "").toBe(true);
  });

  test("sees nothing from the moment in which its tenant is closed", async () => {
    await engine.shared.setTenantState(anna.id, "suspended", null);
    expect(await everything(pb, "stacks_anna")).toEqual([]);
    await expect(pb.collection("stacks_anna").update(anna.stack.id, { name: "x" })).rejects.toEqual(refused(404));
    await engine.shared.setTenantState(anna.id, "ready", null);
    expect(await everything(pb, "stacks_anna")).toHaveLength(1);
  });

  test("a token of nobody sees nothing", async () => {
    const guest = new PocketBase(server.url, new BaseAuthStore()).autoCancellation(false);
    expect(await everything(guest, "stacks_anna")).toEqual([]);
    await expect(guest.collection("stacks_anna").create(body())).rejects.toEqual(refused(400));
  });

  test("a sealed namespace can be looked at and not be changed, until it is upgraded; the agent goes on writing", async () => {
    const stacks = pb.collection(`stacks_${anna.slug}`);
    const create = () => stacks.create(body());
    await create();
    await engine.sealNamespace(anna.slug);
    await expect(create()).rejects.toMatchObject({ status: 400 });
    expect((await stacks.getList(1, 1)).items).toHaveLength(1);
    const record = newStack();
    await engine.namespace(anna).write([{ kind: "create", collection: "stacks", record }]);
    await engine.upgradeNamespace(anna.slug);
    await create();
  });
});
