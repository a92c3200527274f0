import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DesiredTenant } from "@kombify/agent-contract";
import { v7 as uuid } from "uuid";
import { afterEach, beforeEach, expect, test } from "vitest";
import { newStack } from "../../../test/records.ts";
import { createTestHost, furnish, type TestHost } from "../../../test/test-host.ts";
import { writeSwitch } from "../../alias/switch.ts";
import type { StoredSession } from "../../engine/shared-store.ts";
import { sumOf } from "../../engine/transfer.ts";
import type { Host } from "../host.ts";
import { type MoveProgress, moveEngine } from "./move-engine.ts";

let tested: TestHost;
let host: Host;
beforeEach(async () => {
  tested = await createTestHost();
  host = tested.host;
});
afterEach(() => tested.drop());

const WISH = { from: "pocketbase", to: "postgres" } as const;
const BACK = { from: "postgres", to: "pocketbase" } as const;
const never = new AbortController().signal;
const move = (
  onProgress: (progress: MoveProgress) => void = () => undefined,
  signal = never,
  wish: { from: "pocketbase" | "postgres"; to: "pocketbase" | "postgres" } = WISH,
) => moveEngine(host, wish, { onProgress, signal });
async function cancelAt(at: MoveProgress["step"]): Promise<void> {
  const canceled = new AbortController();
  const moving = move(({ step }) => step === at && canceled.abort(), canceled.signal);
  await expect(moving).rejects.toThrow("abort");
}
const sums = (slug: string) => sumOf(host.gate.behind(slug).transfer(slug));
const storeOf = ({ tenantId, slug }: DesiredTenant) => host.gate.engine.namespace({ id: tenantId, slug });
async function newTenants(count: number): Promise<DesiredTenant[]> {
  const tenants: DesiredTenant[] = [];
  for (let i = 0; i < count; i++) {
    tenants.push(await tested.newTenant());
    await furnish(host.gate.engine, tenants.at(-1)!.slug, { stacks: i + 1 });
  }
  return tenants;
}
async function sessions(): Promise<StoredSession[]> {
  const found: StoredSession[] = [];
  for await (const page of host.gate.engine.shared.listSessions()) found.push(...page);
  return found;
}
const signIn = (tenant: DesiredTenant, idHash: string) =>
  host.gate.engine.shared.createSessions([
    {
      idHash,
      kind: "session",
      tenantId: tenant.tenantId,
      generation: 1,
      userId: uuid(),
      email: "ada@home.example",
      name: "Ada",
      role: "owner",
      subject: "person-1",
      sid: null,
      issuedAt: new Date(1_000),
      expiresAt: new Date(Date.now() + 3_600_000),
    },
  ]);

test("everything is on the other engine afterwards, people are still signed in, and a restart finds it there", async () => {
  const tenants = await newTenants(3);
  const { shared } = host.gate.engine;
  await signIn(tenants[0]!, "cookie");
  await shared.consumeAssertion("used", new Date(Date.now() + 60_000));
  await shared.setTenantState(tenants[1]!.tenantId, "failed", "It did not work.");
  await shared.saveAppliedRevision(7);
  const flags = { tenantId: tenants[0]!.tenantId, current: '{"revision":2}', previous: "not even JSON", older: null };
  await shared.saveFlags({ contents: new Map([["d1", '{"b":1,"a":"\\u0000"}']]), tenants: [flags], unused: [] });
  const before = {
    rows: await shared.listTenants(),
    sessions: await sessions(),
    applied: await shared.loadApplied(),
    flags: await shared.loadFlags(),
    sums: await Promise.all(tenants.map(({ slug }) => sums(slug))),
  };
  const result = await move();
  expect(result).toMatchObject({ engine: "postgres", namespaces: 3 });
  host = await tested.reopen();
  expect(host.gate.engine.kind).toBe("postgres");
  expect({
    rows: await host.gate.engine.shared.listTenants(),
    sessions: await sessions(),
    applied: await host.gate.engine.shared.loadApplied(),
    flags: await host.gate.engine.shared.loadFlags(),
    sums: await Promise.all(tenants.map(({ slug }) => sums(slug))),
  }).toEqual(before);
  expect(await host.gate.engine.shared.findSession("cookie", "session")).not.toBeNull();
  expect(await host.gate.engine.shared.consumeAssertion("used", new Date(Date.now() + 60_000))).toBe(false);
  expect(await host.gate.engine.shared.findTenantOfOrg(tenants[0]!.orgId, tenants[0]!.tenantId)).not.toBeNull();
  expect((await move()).namespaces, "the same command again").toBe(0);
});

test("while a host moves, reads never fail and every write that was acknowledged is there afterwards, once", async () => {
  const tenants = await newTenants(3);
  const acknowledged = new Map<string, { slug: string; description: string } | null>();
  const isOver = new AbortController();
  const writer = async (tenant: DesiredTenant) => {
    const mine: string[] = [];
    for (let i = 0; !isOver.signal.aborted; i++) {
      const store = storeOf(tenant);
      const stack = newStack({ name: `written ${i}`, description: "new" });
      await store.write([{ kind: "create", collection: "stacks", record: stack }]);
      acknowledged.set(stack.id, { slug: tenant.slug, description: "new" });
      mine.push(stack.id);
      const id = mine[Math.floor(i / 2)]!;
      if (i % 3 === 1) {
        await store.write([
          { kind: "updateAll", collection: "stacks", where: { id }, changes: { description: `${i}` } },
        ]);
        if (acknowledged.get(id)) acknowledged.set(id, { slug: tenant.slug, description: `${i}` });
      }
      if (i % 5 === 4) {
        await store.write([{ kind: "removeAll", collection: "stacks", where: { id } }]);
        acknowledged.set(id, null);
      }
    }
  };
  let reads = 0;
  const reader = async (tenant: DesiredTenant) => {
    for (; !isOver.signal.aborted; reads++) {
      const last = [...acknowledged].findLast(([, value]) => value?.slug === tenant.slug)?.[0];
      if (last && acknowledged.get(last))
        expect((await storeOf(tenant).get("stacks", last))?.id ?? null).toBe(acknowledged.get(last) && last);
      await storeOf(tenant).countBy("nodes", "status");
      await host.gate.engine.shared.findTenant(tenant.slug);
    }
  };
  const working = Promise.all(tenants.flatMap((tenant) => [writer(tenant), reader(tenant)]));
  await expect.poll(() => acknowledged.size).toBeGreaterThan(100);
  const result = await move();
  const atEnd = acknowledged.size;
  await expect.poll(() => acknowledged.size).toBeGreaterThan(atEnd + 20);
  isOver.abort();
  await working;
  expect(host.gate.engine.kind).toBe("postgres");
  expect(reads).toBeGreaterThan(100);
  const found = new Map<string, string>();
  for (const { slug } of tenants)
    for (const row of await tested.databases.postgres.admin.unsafe(
      `select id, description from stack.stacks_${slug} where name like 'written%'`,
    ))
      found.set(row.id, row.description);
  const wanted = [...acknowledged].flatMap(([id, value]) => (value ? [[id, value.description]] : []));
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(wanted));
  expect(result.longestPauseMs).toBeLessThan(5_000);
});

test("a move that is cancelled at any step serves what it has, and the same command finishes it", async () => {
  const tenants = await newTenants(4);
  const before = await Promise.all(tenants.map(({ slug }) => sums(slug)));
  for (let step = 1; ; step++) {
    const canceled = new AbortController();
    let seen = 0;
    const outcome = await move(() => {
      seen += 1;
      if (seen === step) canceled.abort();
    }, canceled.signal).catch((error: unknown) => error);
    host = await tested.reopen();
    expect(await Promise.all(tenants.map(({ slug }) => sums(slug))), `cancelled at step ${step}`).toEqual(before);
    for (const tenant of tenants)
      await storeOf(tenant).write([{ kind: "updateAll", collection: "nodes", where: {}, changes: { address: "" } }]);
    if (!(outcome instanceof Error)) break;
    expect(step, "it gets further each time").toBeLessThan(20);
  }
  expect(host.gate.engine.kind).toBe("postgres");
  expect((await host.gate.home().listNamespaces()).sort()).toEqual(tenants.map(({ slug }) => slug).sort());
});

test("tenants that come and go in the middle of a move, and collections that nobody knows", async () => {
  await host.gate.engine.createNamespace("nobodys");
  await cancelAt("copy");
  await host.gate.engine.dropNamespace("nobodys");
  const tenants = await newTenants(4);
  await cancelAt("moved");
  host = await tested.reopen();
  const { moved = [] } = host.engines.state().move ?? {};
  expect(moved).toHaveLength(1);
  const [goneAfter, goneBefore, ...stay] = tenants.toSorted(({ slug }) => (moved.includes(slug) ? -1 : 1));
  await host.gate.engine.dropNamespace(goneAfter!.slug);
  await host.gate.engine.dropNamespace(goneBefore!.slug);
  stay.push(await tested.newTenant());
  await furnish(host.gate.engine, stay.at(-1)!.slug);
  const before = await Promise.all(stay.map(({ slug }) => sums(slug)));
  await move();
  expect(await Promise.all(stay.map(({ slug }) => sums(slug)))).toEqual(before);
  expect((await host.gate.home().listNamespaces()).sort()).toEqual(stay.map(({ slug }) => slug).sort());
  expect((await host.gate.engine.shared.listTenants()).map(({ slug }) => slug)).toEqual(
    stay.map(({ slug }) => slug).sort(),
  );
});

test("a session that ended between two tries does not come back", async () => {
  const [tenant] = (await newTenants(1)) as [DesiredTenant];
  await signIn(tenant, "stays");
  await signIn(tenant, "goes");
  // The first try fails after the sessions were carried over and before the host is on the new engine.
  const save = host.engines.save;
  host.engines.save = (next) => (next.move ? save(next) : Promise.reject(new Error("the disk is full")));
  await expect(move()).rejects.toThrow("the disk is full");
  host.engines.save = save;
  expect(host.gate.engine.kind).toBe("pocketbase");
  await host.gate.engine.shared.endSession("goes");
  await move();
  expect((await sessions()).map(({ idHash }) => idHash)).toEqual(["stays"]);
});

test("names that pass from one stack to another between two tries arrive as they are", async () => {
  const [tenant] = (await newTenants(1)) as [DesiredTenant];
  const [a, b] = [newStack({ name: "a" }), newStack({ name: "b" })];
  const store = storeOf(tenant);
  await store.write([a, b].map((record) => ({ kind: "create", collection: "stacks", record }) as const));
  const rename = (id: string, name: string) =>
    store.write([{ kind: "update", collection: "stacks", id, changes: { name } }]);
  await cancelAt("copy");
  await rename(a.id, "c");
  await rename(b.id, "a");
  await rename(a.id, "b");
  await move();
  expect(await storeOf(tenant).get("stacks", a.id)).toMatchObject({ name: "b" });
  expect(await storeOf(tenant).get("stacks", b.id)).toMatchObject({ name: "a" });
});

test("a host moves back over what it left behind, also where tenants came and went", async () => {
  const [first, second] = (await newTenants(2)) as [DesiredTenant, DesiredTenant];
  await move();
  await host.gate.engine.dropNamespace(second.slug);
  await storeOf(first).write([{ kind: "create", collection: "stacks", record: newStack({ name: "later" }) }]);
  const third = await tested.newTenant();
  const before = await sums(first.slug);
  await move(() => undefined, never, BACK);
  host = await tested.reopen();
  expect(host.gate.engine.kind).toBe("pocketbase");
  expect(await sums(first.slug)).toEqual(before);
  expect((await host.gate.engine.listNamespaces()).sort()).toEqual([first.slug, third.slug].sort());
});

test("a move the other way, onto somebody's data, beside another or with the alias on is refused with what to do", async () => {
  const [tenant] = (await newTenants(1)) as [DesiredTenant];
  await writeSwitch(tested.home, true);
  await expect(move()).rejects.toMatchObject({ code: "PRECONDITION", message: expect.stringContaining("alias off") });
  await writeSwitch(tested.home, false);
  await cancelAt("copy");
  await expect(move(() => undefined, never, BACK)).rejects.toMatchObject({
    code: "PRECONDITION",
    message: expect.stringContaining("--from pocketbase --to postgres"),
  });
  const both = await Promise.allSettled([move(), move()]);
  expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  await host.engines.save({ ...host.engines.state(), left: [] });
  await expect(move(() => undefined, never, BACK)).rejects.toMatchObject({
    code: "CONFLICT",
    message: expect.stringContaining(tenant.slug),
  });
  expect(host.gate.engine.kind).toBe("postgres");
});

test("what the home says of its engine outlives a wish for another one", async () => {
  await newTenants(1);
  await move();
  host = await tested.reopen();
  expect(host.gate.engine.kind).toBe("postgres");
  expect(JSON.parse(await readFile(join(tested.home, "engine.json"), "utf8"))).toMatchObject({
    engine: "postgres",
    move: null,
  });
});
