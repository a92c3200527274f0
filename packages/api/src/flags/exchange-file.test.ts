/** A flagd file comes in and goes out again as it was, and nothing of ours is lost on the way. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Caller } from "../router.ts";
import { createTestPlane, signInStaff, type TestPlane } from "../testing.ts";

let plane: TestPlane;
let api: Caller;

beforeAll(async () => {
  plane = await createTestPlane();
  ({ api } = await signInStaff(plane));
});
afterAll(() => plane.close());
beforeEach(async () => {
  await plane.database.owner`delete from flags`;
  await plane.database.owner`delete from flag_segments`;
  await plane.database.owner`update flag_settings set metadata = '{}', file_extras = '{}'`;
});

type File = Parameters<typeof api.flags.importFile>[0]["file"];
const flag = (more: object = {}) => ({
  state: "ENABLED",
  variants: { on: true, off: false },
  defaultVariant: "off",
  ...more,
});
const when = (condition: object) => ({ if: [condition as never, "on", "off"] });

/** Every operation and every form of flagd's documentation (flagd.dev/reference), each in a flag of its own. */
const FOREIGN: File = {
  $schema: "https://flagd.dev/schema/v0/flags.json",
  metadata: { flagSetId: "shop", version: "v3", weight: 1.5, isOld: false },
  $evaluators: {
    ourPeople: { ends_with: [{ var: "email" }, "@example.com"] },
    early: { or: [{ $ref: "ourPeople" }, { in: [{ var: "country" }, ["AT", "CH"]] }] },
  },
  flags: {
    plain: flag(),
    disabled: flag({ state: "DISABLED" }),
    "no-default": { state: "ENABLED", variants: { on: true, off: false } },
    "null-default": flag({ defaultVariant: null }),
    "empty-targeting": flag({ targeting: {} }),
    "empty-metadata": flag({ metadata: {} }),
    "with-metadata": flag({ metadata: { owner: "web", ticket: 17, isUrgent: true } }),
    "unknown-field": flag({ "x-color": { deep: [1, null, "a"] } }),
    text: { state: "ENABLED", variants: { red: "#b91c1c", empty: "" }, defaultVariant: "red" },
    number: { state: "ENABLED", variants: { few: 1, many: 10.5, none: 0 }, defaultVariant: "few" },
    object: { state: "ENABLED", variants: { a: { list: [1, { x: null }] }, b: {} }, defaultVariant: "b" },
    share: flag({
      targeting: {
        fractional: [
          ["on", 10],
          ["off", 90],
        ],
      },
    }),
    "share-by": flag({
      targeting: { fractional: [{ cat: [{ var: "$flagd.flagKey" }, { var: "email" }] }, ["on", 50], ["off", 50]] },
    }),
    "share-of-match": flag({
      targeting: {
        if: [
          { "==": [{ var: "plan" }, "pro"] },
          {
            fractional: [
              ["on", 1],
              ["off", 1],
            ],
          },
          null,
        ],
      },
    }),
    starts: flag({ targeting: when({ starts_with: [{ var: "ip" }, "192.168"] }) }),
    ends: flag({ targeting: when({ ends_with: [{ var: "email" }, ".org"] }) }),
    version: flag({ targeting: when({ sem_ver: [{ var: "version" }, "^", "2.0.0"] }) }),
    reference: flag({ targeting: when({ $ref: "early" }) }),
    time: flag({ targeting: when({ "<": [{ var: "$flagd.timestamp" }, 1_900_000_000] }) }),
    logic: flag({
      targeting: when({
        and: [
          { "!": [{ var: "blocked" }] },
          { "!!": { var: "plan" } },
          { some: [{ var: "roles" }, { "==": [{ var: "" }, "admin"] }] },
        ],
      }),
    }),
  },
};

const exported = () => api.flags.exportFile();
const fleetRevision = async () => Number((await plane.database.owner`select revision from flag_settings`)[0]?.revision);

describe("a foreign file", () => {
  it("comes out as it went in", async () => {
    const { items } = await api.flags.importFile({ file: FOREIGN });
    expect(new Set(items.map(({ outcome }) => outcome))).toEqual(new Set(["created"]));
    expect(await exported()).toEqual(FOREIGN);
  });

  it("changes nothing when it comes a second time", async () => {
    await api.flags.importFile({ file: FOREIGN });
    const before = await fleetRevision();
    const { items } = await api.flags.importFile({ file: FOREIGN, mode: "replace" });
    expect(new Set(items.map(({ outcome }) => outcome))).toEqual(new Set(["unchanged"]));
    expect(await fleetRevision()).toBe(before);
  });

  it("is a file without anything but flags, too", async () => {
    const file: File = { flags: { alone: flag() } };
    await api.flags.importFile({ file });
    expect(await exported()).toEqual(file);
    const bare: File = { flags: {}, metadata: {}, $evaluators: {} };
    await api.flags.importFile({ file: bare, mode: "replace" });
    expect(await exported()).toEqual(bare);
  });

  it("is taken over whole or not at all", async () => {
    const bad = { ...FOREIGN, flags: { ...FOREIGN.flags, broken: flag({ targeting: { nonsense: [1] } }) } };
    await expect(api.flags.importFile({ file: bad })).rejects.toMatchObject({
      code: "INVALID",
      message: expect.stringContaining('broken: There is no operator "nonsense"'),
    });
    await expect(api.flags.importFile({ file: { flags: { "not a name": flag() } } })).rejects.toMatchObject({
      message: expect.stringContaining("flags.not a name cannot be called so here."),
    });
    await expect(api.flags.importFile({ file: { flags: { a: { variants: {} } } } })).rejects.toMatchObject({
      message: expect.stringContaining("a is not as flagd has flags"),
    });
    expect(await exported()).toEqual({ flags: {} });
  });
});

describe("what flagd has no place for", () => {
  it("is in the file's metadata, and comes back", async () => {
    await api.flags.importFile({ file: { flags: { base: flag() } } });
    await api.flags.saveSegment({
      key: "staff",
      description: "Those who work here",
      logic: { "==": [{ var: "role" }, "staff"] },
      version: 0,
    });
    const definition: Parameters<typeof api.flags.save>[0]["definition"] = {
      description: "What it is for",
      owner: "core",
      kind: "operations",
      lifetime: "permanent",
      expiresAt: new Date("2031-05-06T07:08:09Z"),
      isSensitive: false,
      variants: { on: true, off: false },
      defaultVariant: "on",
      offVariant: "off",
      prerequisites: [{ flag: "base", variants: ["on"] }],
      targeting: when({ $ref: "staff" }),
      metadata: { ticket: 1 },
    };
    await api.flags.save({ key: "ours", definition, version: 0 });
    await api.flags.kill({ key: "ours", reason: "fire" });
    const file = await exported();
    expect(file).toMatchObject({
      metadata: { "kombify.segment.staff": "Those who work here" },
      flags: {
        ours: {
          metadata: { ticket: 1, "kombify.owner": "core", "kombify.kind": "operations", "kombify.offVariant": "off" },
        },
      },
    });
    const before = await api.flags.get({ key: "ours" });
    await api.flags.importFile({ file: { flags: {} }, mode: "replace" });
    expect(await exported()).toEqual({ flags: {} });
    await api.flags.importFile({ file });
    expect(await exported()).toEqual(file);
    const after = await api.flags.get({ key: "ours" });
    expect(after.definition).toEqual(before.definition);
    expect(after).toMatchObject({ standing: "killed", killedReason: "fire", killedAt: before.killedAt });
  });

  it("stays as it is where a merged file says nothing of it, and goes with replace", async () => {
    const definition = {
      owner: "core",
      description: "kept",
      variants: { on: true, off: false },
      defaultVariant: "off",
    };
    await api.flags.save({ key: "mine", definition, version: 0 });
    await api.flags.save({ key: "other", definition, version: 0 });
    const file: File = { flags: { mine: flag({ defaultVariant: "on" }) } };
    const tried = await api.flags.importFile({ file, mode: "replace", dryRun: true });
    expect(tried.items.map(({ key, outcome }) => `${key} ${outcome}`)).toEqual(["mine updated", "other removed"]);
    expect((await api.flags.get({ key: "mine" })).version).toBe(1);
    const merged = await api.flags.importFile({ file });
    expect(merged.items).toMatchObject([
      { key: "mine", outcome: "updated", differences: [{ what: "Default variant", before: "off", after: "on" }] },
    ]);
    expect((await api.flags.get({ key: "mine" })).definition).toMatchObject({ owner: "core", description: "kept" });
    await api.flags.importFile({ file, mode: "replace", owner: "web" });
    expect((await api.flags.get({ key: "mine" })).definition).toMatchObject({ owner: "web", description: "" });
    expect((await api.flags.list({})).items.map(({ key }) => key)).toEqual(["mine"]);
  });
});

describe("replacing everything", () => {
  it("lets go of segments that are made of each other, whichever comes first", async () => {
    const $evaluators = {
      inner: { "===": [{ var: "plan" }, "pro"] },
      middle: { or: [{ $ref: "inner" }, { $ref: "another" }] },
      another: { "===": [{ var: "plan" }, "free"] },
      outer: { "!": [{ $ref: "middle" }] },
    };
    await api.flags.importFile({
      file: { flags: { plain: flag({ targeting: when({ $ref: "outer" }) }) }, $evaluators },
    });
    const { items } = await api.flags.importFile({ file: { flags: {} }, mode: "replace" });
    expect(items.filter(({ noun }) => noun === "segment").map(({ outcome }) => outcome)).toEqual(
      Array(4).fill("removed"),
    );
    expect((await api.flags.segments()).items).toEqual([]);
  });
});
