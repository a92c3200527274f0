/** What flags do is counted once, whatever is lost on the way, and says which of them nobody needs. */
import type { FlagUsage } from "@kombify/agent-contract";
import type { InstanceId } from "@kombify/db";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestPlane, joinHost, signInStaff, type TestAgent, type TestPlane } from "../testing.ts";
import { addCloudUsage, takeUsage } from "./count-usage.ts";
import { flagStandings } from "./standing.ts";

let plane: TestPlane;
let staff: Awaited<ReturnType<typeof signInStaff>>;
let host: TestAgent;
beforeAll(async () => {
  plane = await createTestPlane();
  staff = await signInStaff(plane);
  host = await joinHost(plane, staff, "counting-host");
});
beforeEach(() => plane.database.owner`truncate flags, flag_usage, flag_usage_seen cascade`);
afterAll(() => plane.close());

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);

/** A flag as it stands in its table, without the editor. */
async function insertFlag(key: string, more: Record<string, string | Date> = {}) {
  const { owner } = plane.database;
  const row = {
    id: crypto.randomUUID(),
    key,
    state: "ENABLED",
    variants: owner.json({ on: true, off: false }),
    default_variant: "off",
    created_at: daysAgo(100),
    ...more,
  };
  await owner`insert into flags ${owner(row)}`;
}
const insertUse = (key: string, variant: string, at: Date, count = 1) =>
  plane.database.owner`insert into flag_usage (key, variant, source, hour, count)
    values (${key}, ${variant}, 'stack', date_trunc('hour', ${at}::timestamptz, 'UTC'), ${count})`;

describe("how a flag stands", () => {
  const standingOf = async (key: string) => {
    const [row] = await plane.admin.db
      .as({ kind: "system" })
      .read((sql) => sql`select s.* from flags f join ${flagStandings(sql)} s on s.key = f.key where f.key = ${key}`);
    return row;
  };

  it("follows from its switches, its date and its use", async () => {
    const use: Record<string, [string, number][]> = {
      killed: [["on", 0]],
      disabled: [["on", 0]],
      expired: [["on", 0]],
      "never-used": [],
      "long-unused": [["on", 31]],
      "new-and-unused": [],
      settled: [
        ["off", 60],
        ["on", 40],
        ["on", 1],
      ],
      "settled-permanent": [
        ["on", 40],
        ["on", 1],
      ],
      "young-with-one-variant": [["on", 2]],
      "one-variant-and-no-value": [
        ["on", 40],
        ["on", 1],
        ["", 1],
      ],
      active: [
        ["on", 40],
        ["on", 1],
        ["off", 2],
      ],
    };
    const more: Record<string, Record<string, string | Date>> = {
      killed: { killed_at: daysAgo(1), off_variant: "off" },
      disabled: { state: "DISABLED" },
      expired: { expires_at: daysAgo(1) },
      "new-and-unused": { created_at: daysAgo(29) },
      "settled-permanent": { lifetime: "permanent" },
    };
    const standings: Record<string, unknown> = {};
    for (const [key, hours] of Object.entries(use)) {
      await insertFlag(key, more[key]);
      for (const [variant, days] of hours) await insertUse(key, variant, daysAgo(days));
      standings[key] = (await standingOf(key))?.standing;
    }
    expect(standings).toEqual({
      killed: "killed",
      disabled: "disabled",
      expired: "expired",
      "never-used": "unused",
      "long-unused": "unused",
      "new-and-unused": "active",
      settled: "settled",
      "settled-permanent": "active",
      "young-with-one-variant": "active",
      "one-variant-and-no-value": "active",
      active: "active",
    });
  });

  it("tells the last hour of its use, and how often it was asked for within a day", async () => {
    await insertFlag("busy");
    for (const hours of [0, 22, 25]) await insertUse("busy", "on", new Date(Date.now() - hours * 3_600_000), 7);
    const found = await standingOf("busy");
    expect(found?.evaluations).toBe(14);
    expect(Date.now() - found?.lastEvaluatedAt.getTime()).toBeLessThan(3_600_000 + 60_000);
    // Uses are counted by the hour, and yet none is from before there was a flag.
    const made = new Date(Date.now() - 1_000);
    await insertFlag("just-made", { created_at: made });
    await insertUse("just-made", "on", new Date(), 1);
    expect((await standingOf("just-made"))?.lastEvaluatedAt.getTime()).toBeGreaterThanOrEqual(made.getTime());
  });
});

/** What is counted of each flag and variant, over all hours. */
async function counted(source = "stack"): Promise<Record<string, number>> {
  const rows = await plane.database
    .owner`select key || '/' || variant as name, sum(count)::float8 as count from flag_usage
    where source = ${source} group by 1`;
  return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
}

describe("what hosts count", () => {
  // Later than whatever the host has said so far.
  let epoch = Date.now() + 3_600_000;
  let seq = 0;
  const report = (flagUsage?: FlagUsage[]) =>
    host.beat({ bootEpoch: epoch, seq: ++seq, ...(flagUsage ? { flagUsage } : {}) });
  const restart = () => {
    epoch++;
    seq = 0;
  };
  beforeEach(restart);

  const VARIANTS = ["a/on", "a/off", "a/", "b/on"];
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ counts: fc.array(fc.constantFrom(...VARIANTS), { minLength: 1, maxLength: 6 }) }),
    },
    { weight: 4, arbitrary: fc.constantFrom("reported", "report lost", "answer lost", "sent twice") },
    { weight: 1, arbitrary: fc.constant("restart") },
  );

  it("adds up to what they counted, whatever reports and answers are lost, and however often they start again", async () => {
    await insertFlag("a");
    await insertFlag("b");
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        await plane.database.owner`truncate flag_usage`;
        const expected: Record<string, number> = {};
        let sinceBoot = new Map<string, number>();
        let unsaid = new Set<string>();
        const arrives = async () => {
          await report(
            [...unsaid].map((name) => {
              const [key = "", variant = ""] = name.split("/");
              return { key, variant, count: sinceBoot.get(name) ?? 0 };
            }),
          );
          for (const [name, count] of sinceBoot) expected[name] = (before[name] ?? 0) + count;
        };
        /** What earlier boots had said. */
        let before: Record<string, number> = {};
        restart();
        for (const event of steps) {
          if (typeof event === "object") {
            for (const name of event.counts) {
              sinceBoot.set(name, (sinceBoot.get(name) ?? 0) + 1);
              unsaid.add(name);
            }
          } else if (event === "restart") {
            restart();
            before = { ...expected };
            sinceBoot = new Map();
            unsaid = new Set();
          } else if (event !== "report lost") {
            await arrives();
            if (event === "sent twice") await arrives();
            // Without an answer the host says the same again, and what it counted since.
            if (event !== "answer lost") unsaid = new Set();
          }
        }
        expect(await counted()).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });

  it("is only of flags and variants that are there, and never more at once than an engine can do", async () => {
    await insertFlag("a");
    const lies = Array.from({ length: 2_000 }, (_, n) => ({ key: `made-up-${n}`, variant: "on", count: 1 }));
    await report([
      ...lies,
      { key: "a", variant: "on", count: 3 },
      { key: "a", variant: "on", count: 5 },
      { key: "a", variant: "made-up", count: 3 },
      { key: "a\u0000", variant: "\ud800", count: 3 },
      { key: "a", variant: "off", count: Number.MAX_SAFE_INTEGER },
    ]);
    expect(await counted()).toEqual({ "a/on": 5, "a/off": 1_000_000_000 });
    const [seen] = await plane.database.owner`select count(*)::int as rows from flag_usage_seen`;
    expect(seen?.rows).toBe(2);
  });

  it("is added by many hosts at once in one order, so that none waits for another for ever", async () => {
    const keys = Array.from({ length: 20 }, (_, n) => `flag-${n}`);
    for (const key of keys) await insertFlag(key);
    const [registered] = await plane.database.owner`select instance_id from instance_reports limit 1`;
    const instanceId: InstanceId = registered?.instance_id;
    await Promise.all(
      Array.from({ length: 12 }, (_, n) => {
        const flagUsage = (n % 2 ? keys : keys.toReversed()).map((key) => ({ key, variant: "on", count: 1 }));
        if (n % 3 === 0) return addCloudUsage(plane.admin.db, flagUsage);
        return plane.admin.db
          .as({ kind: "system" })
          .transaction((tx) => takeUsage(tx, { instanceId }, { bootEpoch: n, flagUsage }));
      }),
    );
    expect(await counted()).toEqual(Object.fromEntries(keys.map((key) => [`${key}/on`, 8])));
    expect(await counted("cloud")).toEqual(Object.fromEntries(keys.map((key) => [`${key}/on`, 4])));
  });

  it("costs nothing where there is nothing: no statement is sent", async () => {
    const noTransaction = new Proxy({} as Parameters<typeof takeUsage>[0], {
      get: () => expect.fail("A statement was sent."),
    });
    const { instanceId } = host as { instanceId: InstanceId };
    await takeUsage(noTransaction, { instanceId }, { bootEpoch: 1 });
    await takeUsage(noTransaction, { instanceId }, { bootEpoch: 1, flagUsage: [] });
  });
});

describe("the use of a flag", () => {
  it("is a point for every step of every variant, and sums up to what was counted", async () => {
    await insertFlag("plotted");
    const hours = [0, 1, 1, 23, 40, 24 * 6, 24 * 20];
    for (const [n, ago] of hours.entries())
      await insertUse("plotted", n % 2 ? "on" : "", new Date(Date.now() - ago * 3_600_000));
    for (const [range, stepSeconds, steps, sum] of [
      ["24h", 3_600, 24, 4],
      ["7d", 6 * 3_600, 28, 6],
      ["30d", 24 * 3_600, 30, 7],
    ] as const) {
      const usage = await staff.api.flags.usage({ key: "plotted", range });
      expect(usage.stepSeconds).toBe(stepSeconds);
      expect(usage.series.map(({ variant }) => variant)).toEqual(["off", "on", ""]);
      for (const { points } of usage.series) {
        expect(points).toHaveLength(steps);
        expect(points.at(-1)?.at.getTime()).toBeLessThanOrEqual(Date.now());
        expect(new Set(points.slice(1).map(({ at }, n) => at.getTime() - (points[n]?.at.getTime() ?? 0)))).toEqual(
          new Set([stepSeconds * 1_000]),
        );
      }
      const all = usage.series.flatMap(({ points }) => points.map(({ count }) => count));
      expect(all.reduce((total, count) => total + count)).toBe(sum);
    }
  });

  it("of a flag that is not there is not found", async () => {
    await expect(staff.api.flags.usage({ key: "nowhere" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
