import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { takePlace } from "../instances/places.ts";
import { createTestPlane, signInStaff, type TestPlane } from "../testing.ts";
import { type ImportInput, importHistory, type LegacySource } from "./import-history.ts";
import type { LegacyRow } from "./legacy-fields.ts";

let plane: TestPlane;
beforeAll(async () => {
  plane = await createTestPlane();
});
afterAll(() => plane.close());

const created = "2025-03-04 05:06:07.000Z";
const tool = (id: string, more: LegacyRow = {}) => ({ id, name: `tool-${id}`, layer: "L3", created, ...more });
const instance = (id: string, more: LegacyRow = {}) => ({ id, name: `host-${id}`, capacity: 5, created, ...more });
const check = (id: string, of: string) => ({ id, instance: of, status: "ok", checked: created, response_ms: 7 });
const event = (id: string, more: LegacyRow = {}) => ({
  ...{ id, actor: "ann", action: "tool.update", target: `tool:${id}`, created, ...more },
});

/** Another Admin center in memory, read three rows at a time. */
const memory = (collections: Record<string, LegacyRow[]>): LegacySource => ({
  collections: async () => Object.keys(collections),
  async *read(name) {
    const rows = [...(collections[name] ?? [])].sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1));
    for (let at = 0; at < rows.length; at += 3) yield structuredClone(rows.slice(at, at + 3));
  },
});

let sources = 0;
const newSource = () => `old-${++sources}`;
const run = (source: string, collections: Record<string, LegacyRow[]>, more: Partial<ImportInput> = {}) =>
  importHistory(plane.admin.asSystem("test"), { source, from: memory(collections), ...more });
const figures = ({ collections }: Awaited<ReturnType<typeof run>>, name: keyof typeof collections) => {
  const { imported, updated, unchanged, refused, kept } = collections[name];
  return [imported, updated, unchanged, refused.length, kept.length];
};
const lines = (source: string) =>
  plane.database.owner`select * from imports where source = ${source} order by collection, legacy_id`;

describe("running again", () => {
  it("changes nothing, says so, and gives the same digests", async () => {
    const source = newSource();
    const old = {
      tools: ["a1", "a2", "a3", "a4"].map((id) => tool(id, { popularity: 3 })),
      instances: [instance("a1"), instance("a2")],
      healthChecks: ["c1", "c2", "c3", "c4", "c5"].map((id) => check(id, "a1")),
      feature_flags: [{ id: "f1", key: "f.a", enabled: true, rollout: 5, created }],
      audit_logs: ["e1", "e2", "e3", "e4"].map((id) => event(id)),
    };
    const first = await run(source, old);
    expect([first.isComplete, first.isIntact]).toEqual([true, true]);
    const before = await lines(source);
    const second = await run(source, old);
    expect(second.isIntact).toBe(true);
    for (const name of ["tools", "instances", "health_checks", "flags", "audit_events"] as const) {
      expect(figures(second, name)).toEqual([0, 0, first.collections[name].imported, 0, 0]);
      expect(first.collections[name].imported).toBe(first.collections[name].read);
      expect(second.collections[name].sourceDigest).toBe(first.collections[name].sourceDigest);
      expect(second.collections[name].targetDigest).toBe(first.collections[name].sourceDigest);
      expect(second.collections[name].counts).toEqual(first.collections[name].counts);
    }
    expect(await lines(source)).toEqual(before);
    const trail = await plane.database.owner`select summary from audit_events where action = 'imports.run'
      and target_id in (select run_id::text from imports where source = ${source})`;
    expect(trail).toEqual([{ summary: `Imported the history of ${source}` }]);
    expect(await plane.database.owner`select * from audit_events where action = 'imports.run'`).toHaveLength(1);
  });

  it("brings over what changed there and is new there", async () => {
    const source = newSource();
    await run(source, { tools: [tool("b1"), tool("b2", { popularity: 3 })], instances: [instance("b1")] });
    const again = await run(source, {
      tools: [tool("b1", { description: "Better now" }), tool("b2", { popularity: 4 }), tool("b3")],
      instances: [instance("b1", { capacity: 6 })],
    });
    expect(figures(again, "tools")).toEqual([1, 2, 0, 0, 0]);
    expect(figures(again, "instances")).toEqual([0, 1, 0, 0, 0]);
    expect(again.isIntact).toBe(true);
    expect(await plane.database.owner`select description from tools where name = 'tool-b1'`).toEqual([
      { description: "Better now" },
    ]);
    expect((await lines(source)).find((line) => line.legacy_id === "b2")?.remainder).toEqual({ popularity: 4 });
  });

  it("never undoes what staff did here: rows that were changed or removed here are named and stay", async () => {
    const source = newSource();
    const old = { tools: [tool("c1"), tool("c2"), tool("c3")], instances: [] };
    await run(source, old);
    await plane.database.owner`update tools set description = 'ours' where name in ('tool-c1', 'tool-c3')`;
    await plane.database.owner`delete from tools where name = 'tool-c2'`;
    const again = await run(source, { tools: [tool("c1"), tool("c2"), tool("c3", { version: "2" })] });
    expect(again.collections.tools.kept).toEqual([
      { id: "c1", field: "id", reason: "was changed here" },
      { id: "c2", field: "id", reason: "was removed here" },
      { id: "c3", field: "id", reason: "was changed here, and there as well" },
    ]);
    const rows = await plane.database.owner`select description, version from tools where name like 'tool-c%'`;
    expect(rows).toEqual([
      { description: "ours", version: null },
      { description: "ours", version: null },
    ]);
  });

  it("does not rewrite the trail when it changed there, and names the row", async () => {
    const source = newSource();
    await run(source, { audit: [event("d1"), event("d2")] });
    const again = await run(source, { audit: [event("d1", { message: "It was somebody else" }), event("d2")] });
    expect(again.collections.audit_events.refused).toEqual([
      { id: "d1", field: "id", reason: "has changed there, and what happened is never rewritten here" },
    ]);
    expect(figures(again, "audit_events")).toEqual([0, 0, 1, 1, 0]);
  });
});

describe("a stop", () => {
  it("between two batches keeps what was taken, and the next run completes it without doubling anything", async () => {
    const source = newSource();
    const ids = Array.from({ length: 10 }, (_, index) => `s${index}`);
    const old = { tools: ids.map((id) => tool(id)), audit: ids.map((id) => event(id)) };
    const stop = new AbortController();
    const stopped = await run(source, old, { signal: stop.signal, onProgress: () => stop.abort() });
    expect(stopped.isComplete).toBe(false);
    expect(await lines(source)).toHaveLength(3);
    const rest = await run(source, old);
    expect([rest.isComplete, rest.isIntact]).toEqual([true, true]);
    expect(figures(rest, "tools")).toEqual([7, 0, 3, 0, 0]);
    expect(await plane.database.owner`select id from tools where name like 'tool-s%'`).toHaveLength(10);
    expect(await lines(source)).toHaveLength(20);
  });

  it("in the middle of a batch leaves nothing of that batch", async () => {
    const source = newSource();
    const old = { tools: [tool("k1"), tool("k2"), tool("k3"), tool("k4")] };
    await plane.database.owner`alter table imports add constraint broken check (legacy_id <> 'k4')`;
    await expect(run(source, old)).rejects.toThrow();
    await plane.database.owner`alter table imports drop constraint broken`;
    expect(await plane.database.owner`select name from tools where name like 'tool-k%'`).toHaveLength(3);
    expect(figures(await run(source, old), "tools")).toEqual([1, 0, 3, 0, 0]);
  });

  it("of none: two imports at the same time take every row once", async () => {
    const source = newSource();
    const old = memory({
      audit: Array.from({ length: 20 }, (_, index) => event(`p${String(index).padStart(2, "0")}`)),
    });
    // Both have each batch in hand before either may write it.
    let waiting = Promise.withResolvers<void>();
    let count = 0;
    const meet = (): Promise<void> => {
      const { promise, resolve } = waiting;
      if (++count % 2 === 0) {
        waiting = Promise.withResolvers();
        resolve();
      }
      return promise;
    };
    const from: LegacySource = {
      ...old,
      async *read(name) {
        for await (const rows of old.read(name)) {
          await meet();
          yield rows;
        }
      },
    };
    const both = await Promise.all(
      [plane.admin, plane.cloud].map(({ asSystem }) => importHistory(asSystem("test"), { source, from })),
    );
    expect(both.map((report) => report.isIntact)).toEqual([true, true]);
    expect(both.reduce((sum, report) => sum + report.collections.audit_events.imported, 0)).toBe(20);
    expect(await plane.database.owner`select id from audit_events where target_id like 'p%'`).toHaveLength(20);
  });
});

describe("what cannot be taken", () => {
  it("is named, row by row, and the rest is taken", async () => {
    const source = newSource();
    await run(newSource(), { tools: [tool("r0", { name: "here-before" })] });
    const report = await run(source, {
      tools: [
        tool("r1", { name: "twice" }),
        tool("r2", { name: "twice" }),
        tool("r3", { name: "here-before" }),
        tool("r4", { name: "" }),
        tool("r5"),
      ],
      instances: [instance("r1"), instance("r2", { status: "sideways" })],
      health_checks: [check("r1", "r1"), check("r2", "r2"), check("r3", "nowhere")],
    });
    expect(report.collections.tools.refused).toEqual([
      { id: "r2", field: "name", reason: "is twice, which another row here has already" },
      { id: "r3", field: "name", reason: "is here-before, which another row here has already" },
      { id: "r4", field: "name", reason: "is missing" },
    ]);
    expect(report.collections.health_checks.refused.map(({ id, reason }) => [id, reason])).toEqual([
      ["r2", "is r2, which is none of the instances that are here"],
      ["r3", "is nowhere, which is none of the instances that are here"],
    ]);
    expect([figures(report, "tools")[0], figures(report, "health_checks")[0]]).toEqual([2, 1]);
    expect(report.isIntact).toBe(true);
    expect(report.collections.flags.foundAs).toBeNull();
  });

  it("includes a change there that would take another row's name", async () => {
    const source = newSource();
    await run(source, { tools: [tool("t1"), tool("t2")] });
    const again = await run(source, { tools: [tool("t1"), tool("t2", { name: "tool-t1" })] });
    expect(again.collections.tools.refused).toEqual([
      { id: "t2", field: "name", reason: "is tool-t1, which another row here has already" },
    ]);
    expect(await plane.database.owner`select id from tools where name = 'tool-t2'`).toHaveLength(1);
  });

  it("includes credentials: they are in no table", async () => {
    await run(newSource(), {
      instances: [instance("v1", { join_token: "s3cr3t-a", notes: { password: "s3cr3t-b" } })],
    });
    const dump = await plane.database.owner`select to_jsonb(i)::text as a, to_jsonb(l)::text as b
      from instances i join imports l on l.target_id = i.id where i.name = 'host-v1'`;
    expect(dump).toHaveLength(1);
    expect(JSON.stringify(dump)).not.toContain("s3cr3t");
  });
});

it("rows that come back otherwise than they were read are found by the digest and named", async () => {
  await plane.database.owner`create function tamper() returns trigger language plpgsql as $$
    begin if new.name = 'tool-x2' then new.description := 'tampered'; end if; return new; end $$`;
  await plane.database.owner`create trigger tamper before insert on tools for each row execute function tamper()`;
  const { isIntact, collections } = await run(newSource(), { tools: [tool("x1"), tool("x2")] });
  await plane.database.owner`drop trigger tamper on tools`;
  expect(isIntact).toBe(false);
  expect(collections.tools.differing).toEqual(["x2"]);
  expect(collections.tools.targetDigest).not.toBe(collections.tools.sourceDigest);
});

it("a dry run finds the same and leaves nothing behind", async () => {
  const source = newSource();
  const old = { tools: [tool("y1"), tool("y2", { layer: "" })], instances: [instance("y1")], audit: [event("y1")] };
  const trail = await plane.database.owner`select count(*) from audit_events`;
  const dry = await run(source, { ...old, health_checks: [check("y1", "y1")] }, { isDryRun: true });
  expect([dry.isDryRun, dry.isIntact, dry.isComplete]).toEqual([true, true, true]);
  expect([figures(dry, "tools"), figures(dry, "health_checks")]).toEqual([
    [1, 0, 0, 1, 0],
    [1, 0, 0, 0, 0],
  ]);
  expect(await lines(source)).toEqual([]);
  expect(await plane.database.owner`select count(*) from audit_events`).toEqual(trail);
  expect(await plane.database.owner`select from instances where name = 'host-y1'`).toEqual([]);
});

it("an imported instance gets no tenant and no host, even after years of good health", async () => {
  await run(newSource(), { instances: [instance("z1", { status: "online", last_seen: new Date().toISOString() })] });
  const [row] = await plane.database.owner`select id, lifecycle, internal_url from instances where name = 'host-z1'`;
  expect(row).toMatchObject({ lifecycle: "decommissioned", internal_url: null });
  const ctx = plane.admin.asSystem("test");
  expect(await ctx.db.transaction((tx) => takePlace(tx))).toBeNull();
  const { api } = await signInStaff(plane);
  await expect(api.instances.createJoinToken({ id: row?.id })).rejects.toThrow("was decommissioned");
  expect((await api.fleet.overview()).problems).toEqual([]);
});

it("old events stand at their own time in the trail, between those of today", async () => {
  await run(newSource(), { audit: [event("w1", { created: "2019-05-06 07:08:09.000Z" }), event("w2")] });
  const { api } = await signInStaff(plane);
  const { items } = await api.audit.list({ action: "tool.update", limit: 200 });
  const times = items.map(({ at }) => at.getTime());
  expect(times).toEqual([...times].sort((a, b) => b - a));
  expect(items.at(-1)).toMatchObject({ actorName: "ann", targetId: "w1", at: new Date("2019-05-06T07:08:09.000Z") });
});

it("a source whose rows do not come in order is not believed", async () => {
  const from: LegacySource = {
    collections: async () => ["tools"],
    async *read() {
      yield [tool("o2")];
      await delay(0);
      yield [tool("o1")];
    },
  };
  const doubtful = importHistory(plane.admin.asSystem("test"), { source: newSource(), from });
  await expect(doubtful).rejects.toThrow("do not come in the order of their ids");
});
