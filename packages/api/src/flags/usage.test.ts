/** What flags do is counted once, whatever is lost on the way, and says which of them nobody needs. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestPlane, type TestPlane } from "../testing.ts";
import { flagStandings } from "./standing.ts";

let plane: TestPlane;
beforeAll(async () => {
  plane = await createTestPlane();
});
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
  });
});
