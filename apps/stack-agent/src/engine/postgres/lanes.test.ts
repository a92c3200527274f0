import type { Sql } from "postgres";
import { v7 as uuid } from "uuid";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../../test/test-engine.ts";
import { roleNames } from "../naming.ts";
import { connectAside, connectLane, createLanes, type Lanes } from "./lanes.ts";
import { Plans } from "./plans.ts";

const SLUGS = Array.from({ length: 12 }, (_, i) => `lane${i}`);
let db: TestEngine;
let lanes: Lanes;
let connections: Sql[];
beforeAll(async () => {
  db = await createTestEngine();
  for (const slug of SLUGS) await db.engine.createNamespace(slug);
  connections = Array.from({ length: 3 }, () => connectLane(db.url, 600));
  const plans = new Plans(async () => undefined);
  lanes = createLanes({ connections, aside: connectAside(db.url), roles: roleNames(db.rolePrefix), plans });
});
afterAll(async () => {
  await lanes.close();
  await db.drop();
});

const ask = (slug: string, text: string, parameters: unknown[] = []) => lanes.read(slug, { text, parameters });
const pidOf = async (slug: string) => (await ask(slug, "select pg_backend_pid() as pid"))[0]?.pid as number;
const roleOf = async (slug: string) => (await ask(slug, "select current_user::text as role"))[0]?.role as string;
const readNodes = (slug: string) => ask(slug, `select id from stack.nodes_${slug} where id = $1`, [uuid()]);

test("a namespace keeps to one connection, and namespaces are spread over all of them", async () => {
  const pids = await Promise.all(SLUGS.map(pidOf));
  expect(new Set(pids).size).toBe(3);
  expect(await Promise.all(SLUGS.map(pidOf))).toEqual(pids);
  // Also when every connection is idle and any would do.
  for (const [index, slug] of SLUGS.entries()) expect(await pidOf(slug)).toBe(pids[index]);
});

test("of a thousand reads and writes mixed on few connections each has its own namespace's role", async () => {
  const work = Array.from({ length: 1_000 }, async (_, i) => {
    const slug = SLUGS[i % SLUGS.length] as string;
    if (i % 7 > 0) return expect(await roleOf(slug)).toBe(`${db.rolePrefix}${slug}`);
    const [row] = await lanes.transaction(slug, (send) =>
      send({ text: "select current_user::text as role, $1::int", parameters: [1] }),
    );
    expect(row?.role).toBe(`${db.rolePrefix}${slug}`);
  });
  await Promise.all(work);
});

test("the role of a read, a write or a failure does not stay on the connection", async () => {
  await Promise.all(SLUGS.map(readNodes));
  await Promise.all(SLUGS.map((slug) => ask(slug, "select 1 / 0").catch(() => undefined)));
  for (const slug of SLUGS) await lanes.transaction(slug, (send) => send({ text: "select", parameters: [] }));
  for (const connection of connections)
    expect(await connection`select current_user::text = session_user::text as "isLogin"`).toEqual([{ isLogin: true }]);
});

test("a read cannot change anything", async () => {
  await expect(ask("lane0", "delete from stack.nodes_lane0")).rejects.toMatchObject({ code: "25006" });
});

test("a read that fails neither leaves its role nor its failure to the next one", async () => {
  const work = SLUGS.map(async (slug) => {
    const failing = ask(slug, "select 1 / $1::int", [0]).catch((error: unknown) => error);
    const answers = await Promise.all([failing, readNodes(slug), roleOf(slug)]);
    expect(answers).toMatchObject([{ code: "22012" }, [], `${db.rolePrefix}${slug}`]);
  });
  await Promise.all(work);
});

test("a namespace whose table is locked keeps no other namespace waiting", async () => {
  const blocker = await db.admin.reserve();
  await blocker`begin`;
  await blocker`lock table stack.nodes_lane0`;
  const blocked = Array.from({ length: 8 }, () => readNodes("lane0"));
  let isBlocked = true;
  void Promise.all(blocked).then(() => {
    isBlocked = false;
  });
  // Also those that were sent on the same connection right after it.
  await Promise.all(SLUGS.slice(1).map(readNodes));
  for (const slug of SLUGS.slice(1)) await lanes.transaction(slug, (send) => send({ text: "select", parameters: [] }));
  expect(isBlocked).toBe(true);
  await blocker`rollback`;
  blocker.release();
  expect(await Promise.all(blocked)).toEqual(blocked.map(() => []));
});

test("a long write of one namespace keeps no other from reading and writing", async () => {
  let finish = () => {};
  const held = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const long = lanes.transaction("lane0", async (send) => {
    await send({ text: "select", parameters: [] });
    await held;
  });
  await Promise.all(SLUGS.map(readNodes));
  await lanes.transaction("lane0", (send) => send({ text: "select", parameters: [] }));
  finish();
  await long;
});

test("a lane whose backend is killed refuses what was under way and serves what comes after", async () => {
  const pid = await pidOf("lane5");
  const underWay = ask("lane5", "select pg_sleep(60)").catch((error: unknown) => error);
  const isAsleep = () => db.admin`select from pg_stat_activity where pid = ${pid} and wait_event = 'PgSleep'`;
  await expect.poll(async () => (await isAsleep()).length).toBe(1);
  await db.admin`select pg_terminate_backend(${pid})`;
  expect(await underWay).toBeInstanceOf(Error);
  expect(await readNodes("lane5")).toEqual([]);
  expect(await pidOf("lane5")).not.toBe(pid);
});
