import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestPocketBase, hasPocketBase } from "@kombify/embedded-pocketbase/testing";
import { createLogger, createShell, type MetricsRegistry } from "@kombify/server";
import PocketBase, { BaseAuthStore, type RecordModel } from "pocketbase";
import { v7 as uuid } from "uuid";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { desiredTenant } from "../../test/control-plane-double.ts";
import { newStack, newUser } from "../../test/records.ts";
import { buildSingleTenant, type SingleTenant } from "../../test/single-tenant/build.ts";
import "../../test/event-source.ts";
import { freePort } from "../../test/test-agent.ts";
import type { Engine } from "../engine/engine.ts";
import { type Client, createClient } from "../engine/pocketbase/client.ts";
import { openPocketBaseEngine } from "../engine/pocketbase/pocketbase-engine.ts";
import { migrateUp } from "../migrate/migrate-up.ts";
import { startAlias } from "./start-alias.ts";
import { readUsage, writeSwitch } from "./switch.ts";

const log = createLogger({ name: "alias", level: process.env.TEST_LOG_LEVEL ?? "silent" });
const quietly = { say: () => undefined, signal: new AbortController().signal };
/** What an answer says but for what PocketBase notes itself. */
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

describe.skipIf(!hasPocketBase).each(["stack_id", "stackId"] as const)("old clients that call it %s", (stackField) => {
  let pocketbase: Awaited<ReturnType<typeof createTestPocketBase>>;
  let built: SingleTenant;
  let home: string;
  let url: string;
  let client: Client;
  let engine: Engine;
  let registry: MetricsRegistry;
  const stops: Array<() => Promise<void>> = [];
  /** The answers of the old Stack to the questions of its clients. */
  const old: Record<string, unknown> = {};
  let oldToken: string;
  let old2: string;
  /** While it is set, the tenant is paused. */
  let pause: Promise<void> | undefined;
  const connect = (to = url) => new PocketBase(to, new BaseAuthStore()).autoCancellation(false);
  const logIn = async (person: number, to = url) => {
    const pb = connect(to);
    const { email, password } = built.person(person);
    await pb.collection("users").authWithPassword(email, password);
    return pb;
  };
  const back = `nodes_via_${stackField}`;
  const QUESTIONS: Record<string, (pb: PocketBase) => Promise<unknown>> = {
    "all my stacks": (pb) => pb.collection("stacks").getFullList({ sort: "name" }),
    "stacks with a node of a name": (pb) =>
      pb.collection("stacks").getFullList({ filter: `${back}.name ?= "node-3"`, sort: "-created,id" }),
    "a page of nodes by their stack's owner": (pb) =>
      pb.collection("nodes").getList(2, 20, {
        filter: `${stackField}.owner.name = "Person 3" && cores > 3`,
        sort: `${stackField}.name,-name`,
      }),
    "back-relations, and from there on": (pb) =>
      pb
        .collection("stacks")
        .getFirstListItem('name = "Stack 3"', { expand: `owner,${back},${back}.${stackField}.owner` }),
    "some fields": (pb) =>
      pb.collection("stacks").getList(1, 5, {
        expand: back,
        fields: `id,name:excerpt(3,true),expand.${back}.${stackField},collectionName`,
        sort: "id",
      }),
    "other collections in an expand": (pb) =>
      pb.collection("users").getOne(built.person(3).id, { expand: "notes_via_author.stack" }),
    "people, whose addresses are their own": (pb) => pb.collection("users").getList(1, 10, { sort: "name" }),
    "jobs by state": (pb) =>
      pb
        .collection("jobs")
        .getFullList({ filter: 'state = "completed"', sort: "id", fields: "id,state,stack_id,message" }),
    "jobs by a word that the agent spells otherwise": (pb) =>
      pb.collection("jobs").getFullList({ filter: 'state = "cancelled"', sort: "id", fields: "id,state" }),
    "nothing for what is wrong": (pb) =>
      pb
        .collection("nodes")
        .getList(1, 1, { filter: "nonsense = 1" })
        .catch((error) => [error.status, error.response]),
    "nothing of somebody else": (pb) =>
      pb
        .collection("nodes")
        .getOne(built.nodeIds[0] as string)
        .catch((error) => [error.status, error.response]),
  };

  beforeAll(async () => {
    pocketbase = await createTestPocketBase();
    built = await buildSingleTenant(pocketbase.url, pocketbase.superuser, {
      users: 30,
      nodes: 120,
      jobs: 80,
      stackField,
    });
    const pb = await logIn(3, pocketbase.url);
    oldToken = pb.authStore.token;
    old2 = (await logIn(4, pocketbase.url)).authStore.token;
    for (const [question, ask] of Object.entries(QUESTIONS)) old[question] = plain(await ask(pb));
    old.guest = plain(await connect(pocketbase.url).collection("stacks").getFullList({ sort: "id" }));
    client = createClient({ url: pocketbase.url, ...pocketbase.superuser });
    await client.logIn();
    await migrateUp(client, quietly);
    home = await mkdtemp(join(tmpdir(), "kombify-alias-"));
    await writeSwitch(home, true);
    const login = { url: pocketbase.url, ...pocketbase.superuser };
    engine = await openPocketBaseEngine({ login });
    ({ registry } = createShell({ name: "test", version: "0", log, checks: {}, exposeMetrics: false }));
    const options = {
      home,
      host: "127.0.0.1",
      port: await freePort(),
      login,
      log,
      isProduction: false,
      metrics: registry,
      duringWrite: async <T>(slug: string, write: () => Promise<T>): Promise<T> => {
        expect(slug).toBe("default");
        await pause;
        return write();
      },
    };
    ({ url } = await startAlias(options, (stop) => void stops.push(stop)));
  });
  afterAll(async () => {
    for (const stop of stops.reverse()) await stop();
    await pocketbase?.drop();
    if (home) await rm(home, { recursive: true });
  });

  test.each(Object.keys(QUESTIONS))("get the answer that the old Stack gave: %s", async (question) => {
    const pb = connect();
    pb.authStore.save(oldToken, null);
    const answer = plain(await QUESTIONS[question]?.(pb));
    // What the agent cannot leave as it was: values that say nothing, and two words for one thing.
    const same = (text: string) =>
      text
        .replaceAll('"active"', '"running"')
        .replaceAll('"online"', '"connected"')
        .replaceAll(/"(mode|status|role)":"(easy|draft|foundation|pending)"/g, '"$1":""');
    expect(JSON.parse(same(JSON.stringify(answer)))).toEqual(JSON.parse(same(JSON.stringify(old[question]))));
  });

  test("log in with the password that they had, and stay logged in with the token that they had", async () => {
    const pb = await logIn(5);
    expect(pb.authStore.record).toMatchObject({ id: built.person(5).id, collectionName: "users" });
    const before = connect();
    before.authStore.save(oldToken, null);
    const { record, token } = await before.collection("users").authRefresh();
    expect(record).toMatchObject({ id: built.person(3).id, email: built.person(3).email });
    expect(Object.keys(record)).not.toContain("issuer");
    const direct = connect(pocketbase.url);
    direct.authStore.save(token, null);
    expect((await direct.collection("stacks_default").getFullList()).length).toBeGreaterThan(0);
    await expect(connect().collection("users").authWithPassword(built.person(5).email, "wrong")).rejects.toMatchObject({
      status: 400,
    });
    expect((await connect().collection("users").listAuthMethods()).password.enabled).toBe(true);
  });

  test("guests see what they saw", async () => {
    const now = plain(await connect().collection("stacks").getFullList({ sort: "id" }));
    const ids = (records: unknown) => (records as RecordModel[]).map(({ id }) => id);
    expect(ids(now)).toEqual(ids(old.guest));
  });

  test("create, change and remove, and the agent finds records that it can work with", async () => {
    const pb = await logIn(3);
    const stack = await pb
      .collection("stacks")
      .create({ name: "From an old client", code: "new-1", owner: built.person(3).id });
    expect(stack).not.toHaveProperty("created_at");
    expect(stack.collectionName).toBe("stacks");
    const node = await pb.collection("nodes").create({ name: "n1", [stackField]: stack.id }, { expand: stackField });
    expect([node[stackField], node.expand?.[stackField].id]).toEqual([stack.id, stack.id]);
    const changed = await pb.collection("nodes").update(node.id, { status: "online", cores: 8 });
    expect(changed.cores).toBe(8);
    const store = engine.namespace({ id: uuid(), slug: "default" });
    await expect
      .poll(() => store.get("nodes", node.id))
      .toMatchObject({ status: "connected", stackId: stack.id, role: "foundation" });
    await expect
      .poll(() => store.get("stacks", stack.id))
      .toMatchObject({ mode: "easy", status: "draft", createdBy: built.person(3).id });
    await pb.collection("stacks").delete(stack.id);
    expect(await store.get("nodes", node.id), "nodes go with their stack, as they did").toBeNull();
  });

  test("sign up, and are known to the agent under an identity that nobody chose", async () => {
    const pb = connect();
    const claimed = { issuer: "urn:kombify:cloud", subject: "somebody else", mail: "x@x.example" };
    const person = {
      email: "new@home.example",
      password: "new password",
      passwordConfirm: "new password",
      name: "New",
    };
    const { id } = await pb.collection("users").create({ ...person, ...claimed });
    await pb.collection("users").authWithPassword(person.email, person.password);
    await pb.collection("users").update(id, { ...claimed, name: "Newer" });
    const direct = connect(pocketbase.url);
    direct.authStore.save(pb.authStore.token, null);
    await direct.collection("users_default").update(id, claimed);
    const store = engine.namespace({ id: uuid(), slug: "default" });
    await expect
      .poll(() => store.get("users", id))
      .toMatchObject({ issuer: "urn:kombify:stack:local", email: person.email, name: "Newer", role: "member" });
    const { subject } = (await store.get("users", id)) ?? {};
    expect(subject).not.toBe(claimed.subject);
    await connect()
      .collection("users")
      .create({ ...person, email: "second@home.example" });
  });

  test("files go up in pieces and come down as they were, protected ones to their owner alone", async () => {
    const pb = await logIn(3);
    const content = new Uint8Array(3_000_000).map((_, i) => i % 251);
    const stack = await pb.collection("stacks").create({
      name: "With files",
      code: "files",
      owner: built.person(3).id,
      config: { domain: "x.example" },
      documents: [new File([content], "big.bin"), new File(["two"], "two.txt")],
      secret: new File(["secret"], "key.bin"),
    });
    const read = async (name: string, token = "") =>
      (await fetch(pb.files.getURL(stack, name, token ? { token } : {}))).arrayBuffer();
    const [big, two] = stack.documents;
    expect(Buffer.from(await read(big)).equals(content)).toBe(true);
    expect(Buffer.from(await read(two)).toString()).toBe("two");
    expect(stack.config).toEqual({ domain: "x.example" });
    expect(Buffer.from(await read(stack.secret)).toString()).not.toBe("secret");
    expect(Buffer.from(await read(stack.secret, await pb.files.getToken())).toString()).toBe("secret");
    const after = await pb
      .collection("stacks")
      .update(stack.id, { "documents-": two, "documents+": new File(["three"], "three.txt") });
    expect(after.documents).toEqual([big, expect.stringContaining("three")]);
    const face = await fetch(
      pb.files.getURL(
        await pb.collection("users").getOne(built.person(0).id),
        (await pb.collection("users").getOne(built.person(0).id)).avatar,
      ),
    );
    expect([face.status, face.headers.get("content-type")]).toEqual([200, "image/png"]);
  });

  test("several writes are one, with files, and none when one is refused", async () => {
    const pb = await logIn(3);
    const [owner, id] = [built.person(3).id, "batch0000000001"];
    const batch = pb.createBatch();
    batch
      .collection("stacks")
      .create({ id, name: "In a batch", code: "batch", owner, documents: [new File(["b"], "batch_file.txt")] });
    batch.collection("nodes").create({ name: "b1", [stackField]: id });
    batch.collection("stacks").upsert({ id, description: "changed" });
    const [stack, node, upserted] = await batch.send();
    expect(stack?.body).toMatchObject({ collectionName: "stacks", documents: [expect.stringContaining("batch_file")] });
    expect(node?.body).toMatchObject({ collectionName: "nodes", [stackField]: id });
    expect(node?.body).not.toHaveProperty("created_at");
    expect(upserted?.body).toMatchObject({ description: "changed", name: "In a batch" });
    const refused = pb.createBatch();
    refused.collection("nodes").create({ name: "b2", [stackField]: id });
    refused.collection("nodes").create({ name: "b3", [stackField]: "nowhere00000000" });
    await expect(refused.send()).rejects.toMatchObject({ status: 400 });
    expect(
      (await pb.collection("nodes").getFullList({ filter: `${stackField} = "${id}"` })).map(({ name }) => name),
    ).toEqual(["b1"]);
    const foreign = pb.createBatch();
    foreign.collection("notes").create({ text: "x" });
    await expect(foreign.send()).rejects.toMatchObject({ status: 404 });
  });

  test("hear of changes under the names that they subscribed to", async () => {
    const pb = await logIn(3);
    const heard: unknown[] = [];
    await pb
      .collection("stacks")
      .subscribe("*", (event) => void heard.push(["*", event]), { expand: back, filter: `${back}.name ?= "live"` });
    await pb.collection("stacks").subscribe("*", (event) => void heard.push(["all", event]));
    const stack = await pb.collection("stacks").create({ name: "Live", code: "live", owner: built.person(3).id });
    await expect.poll(() => heard.length).toBe(1);
    await pb.collection("nodes").create({ name: "live", [stackField]: stack.id });
    await pb.collection("stacks").update(stack.id, { description: "x" });
    await expect.poll(() => heard.length).toBe(3);
    const [, filtered] = heard.find((entry) => (entry as string[])[0] === "*") as [
      string,
      { action: string; record: RecordModel },
    ];
    expect(filtered).toMatchObject({ action: "update", record: { collectionName: "stacks" } });
    expect(filtered.record.expand?.[back][0][stackField]).toBe(stack.id);
    expect(filtered.record).not.toHaveProperty("created_at");
    const other = await logIn(4);
    const nothing: unknown[] = [];
    await other.collection("stacks").subscribe(stack.id, (event) => void nothing.push(event));
    await pb.collection("stacks").update(stack.id, { description: "y" });
    await expect.poll(() => heard.length).toBe(5);
    expect(nothing).toEqual([]);
    await pb.realtime.unsubscribe();
    await other.realtime.unsubscribe();
  });

  test("a tenant's people and an old client do not see each other's collections, here or at PocketBase itself", async () => {
    const tenant = desiredTenant({ slug: "acme" });
    await engine.shared.saveTenant(tenant, "ready");
    await engine.createNamespace("acme");
    const ref = { id: tenant.tenantId, slug: "acme" };
    const person = newUser();
    const store = engine.namespace(ref);
    await store.write([
      { kind: "create", collection: "users", record: person },
      { kind: "create", collection: "stacks", record: newStack() },
    ]);
    const acme = await engine.issueToken(ref, person.id, 60);
    const [here, there] = [await logIn(3), connect(pocketbase.url)];
    for (const name of [
      "stacks_acme",
      "stacks_default",
      "notes",
      "stack_overview",
      "_superusers",
      "_tenants",
      "users_acme",
    ]) {
      await expect(here.collection(name).getList(1, 1), name).rejects.toMatchObject({ status: 404 });
      await expect(here.collection(name).authWithPassword("a@b.example", "x"), name).rejects.toMatchObject({
        status: 404,
      });
    }
    there.authStore.save(oldToken, null);
    expect((await there.collection("stacks_acme").getList(1, 1)).items).toEqual([]);
    there.authStore.save(acme, null);
    expect((await there.collection("stacks_acme").getFullList()).length).toBe(1);
    for (const name of ["stacks_default", "users_default", "nodes_default", "notes", "stack_overview"])
      expect((await there.collection(name).getList(1, 1)).items, name).toEqual([]);
    const stranger = connect();
    for (const token of [acme, client.pb.authStore.token]) {
      stranger.authStore.save(token, null);
      await expect(stranger.collection("stacks").getList(1, 1)).rejects.toMatchObject({ status: 403 });
    }
    for (const path of [
      "/api/collections",
      "/api/settings",
      "/api/sql",
      "/api/logs",
      "/api/backups",
      "/_/",
      "/api/collections/users/impersonate/x",
      "/api/collections/stacks_acme/records",
      "/api/collections/..%2f..%2fsettings/records",
    ]) {
      const answer = await fetch(`${url}${path}`, { headers: { authorization: oldToken } });
      expect(answer.status, path).toBe(404);
    }
    await expect(
      here.collection("stacks").getList(1, 1, { filter: '@collection.stacks_acme.name != ""' }),
    ).rejects.toMatchObject({ status: 403 });
  });

  test("people who own nothing see what they saw: nothing of others", async () => {
    const pb = connect();
    pb.authStore.save(old2, null);
    const owners = new Set(
      (await pb.collection("stacks").getFullList({ filter: "isPublic = false" })).map(({ owner }) => owner),
    );
    expect([...owners]).toEqual([built.person(4).id]);
  });

  test("a stack that the agent deleted is gone for old clients too", async () => {
    const pb = await logIn(3);
    const store = engine.namespace({ id: uuid(), slug: "default" });
    const mine = await pb.collection("stacks").create({ name: "Going", code: "going", owner: built.person(3).id });
    await store.write([{ kind: "update", collection: "stacks", id: mine.id, changes: { deletedAt: new Date() } }]);
    await expect(pb.collection("stacks").getOne(mine.id)).rejects.toMatchObject({ status: 404 });
  });

  test("nobody is served while the tenant is suspended, or the alias off; who called is counted", async () => {
    const tenant = await engine.shared.findTenant("default");
    await engine.shared.setTenantState(tenant?.id ?? "", "suspended", null);
    const ask = async () =>
      (await fetch(`${url}/api/collections/stacks/records`, { headers: { "user-agent": "old app 1" } })).status;
    await expect.poll(ask, { timeout: 5_000 }).toBe(503);
    const direct = connect(pocketbase.url);
    direct.authStore.save(oldToken, null);
    expect((await direct.collection("stacks_default").getList(1, 1)).items, "nor by PocketBase itself").toEqual([]);
    await engine.shared.setTenantState(tenant?.id ?? "", "ready", null);
    await expect.poll(ask, { timeout: 5_000 }).toBe(200);
    await writeSwitch(home, false);
    await expect.poll(ask, { timeout: 5_000 }).toBe(410);
    await writeSwitch(home, true);
    await expect.poll(ask, { timeout: 5_000 }).toBe(200);
    await expect
      .poll(async () => (await readUsage(home))?.byClient["old app 1"] ?? 0, { timeout: 5_000 })
      .toBeGreaterThan(3);
  });

  test("pages of any origin may ask, as they could; what was asked is counted by kind", async () => {
    const headers = { origin: "https://app.example", "access-control-request-method": "PATCH" };
    const preflight = await fetch(`${url}/api/collections/stacks/records/x`, { method: "OPTIONS", headers });
    expect(preflight.headers.get("access-control-allow-methods")).toContain("PATCH");
    const answer = await fetch(`${url}/api/health`, { headers });
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
    expect(answer.headers.get("cross-origin-resource-policy")).toBe("cross-origin");
    expect(await registry.metrics()).toMatch(/kombify_alias_requests_total\{kind="records",.*\} [1-9]/);
  });

  test("an address that somebody changed is the one that the agent knows", async () => {
    const { id } = built.person(9);
    await client.pb.collection("users_default").update(id, { email: "moved@home.example" });
    const pb = connect();
    await pb.collection("users").authWithPassword("moved@home.example", built.person(9).password);
    const store = engine.namespace({ id: uuid(), slug: "default" });
    await expect.poll(() => store.get("users", id)).toMatchObject({ email: "moved@home.example" });
  });

  test("a write waits while the tenant is paused, and reads go on", async () => {
    const pb = await logIn(3);
    const { promise, resolve } = Promise.withResolvers<void>();
    pause = promise;
    let isWritten = false;
    const writing = pb
      .collection("stacks")
      .create({ name: "Paused", code: "paused", owner: built.person(3).id })
      .then(() => {
        isWritten = true;
      });
    expect((await pb.collection("stacks").getFullList()).some(({ name }) => name === "Paused")).toBe(false);
    expect(isWritten).toBe(false);
    resolve();
    await writing;
  });

  test("hear that they may try again when PocketBase is away", async () => {
    await pocketbase.stop();
    const answer = await fetch(`${url}/api/collections/stacks/records`);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await answer.json()).toMatchObject({ status: 503, data: {}, message: expect.stringContaining("Try again") });
  });
});
