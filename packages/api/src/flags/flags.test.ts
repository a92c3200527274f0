/** Flags as staff change them, against a real database. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Caller } from "../router.ts";
import { createTestPlane, joinHost, type Person, signInStaff, signUpPerson, type TestPlane } from "../testing.ts";
import type { FlagDefinition } from "./schemas.ts";

let plane: TestPlane;
let api: Caller;
let ann: Person;

beforeAll(async () => {
  plane = await createTestPlane();
  const owner = await signInStaff(plane);
  api = owner.api;
  const host = await joinHost(plane, owner, "host-a");
  ann = await signUpPerson(plane, "ann");
  await host.applyAll();
});
afterAll(() => plane.close());

const definition = (more: Partial<FlagDefinition> = {}) => ({
  owner: "core",
  variants: { on: true, off: false },
  defaultVariant: "off",
  ...more,
});
const save = (key: string, version: number, more: Partial<FlagDefinition> = {}, note = "") =>
  api.flags.save({ key, definition: definition(more), version, note });
const fleetRevision = async () => Number((await plane.database.owner`select revision from flag_settings`)[0]?.revision);
const tenantRevision = async () =>
  Number(
    (await plane.database.owner`select flags_revision from tenants where id = ${ann.tenant.id}`)[0]?.flags_revision,
  );
const audited = async (key: string) =>
  (
    await plane.database
      .owner`select action from audit_events where target_kind = 'flag' and target_id = ${key} order by id`
  ).map(({ action }) => action);

describe("saving", () => {
  it("makes a flag, and the second save of the same changes nothing: no version, no revision, no audit row", async () => {
    const before = await fleetRevision();
    const { outcome, flag } = await save("first", 0, {}, "why not");
    expect(outcome).toBe("saved");
    expect(flag).toMatchObject({
      key: "first",
      version: 1,
      type: "boolean",
      standing: "active",
      instances: 1,
      instancesBehind: 1,
    });
    expect(await fleetRevision()).toBe(before + 1);
    expect((await save("first", 1)).flag?.version).toBe(1);
    expect(await fleetRevision()).toBe(before + 1);
    expect(await audited("first")).toEqual(["flags.create"]);
    const rows = await plane.database
      .owner`select version, action, note, snapshot from flag_versions where key = 'first'`;
    expect(rows).toMatchObject([
      { version: 1, action: "create", note: "why not", snapshot: { owner: "core", defaultVariant: "off" } },
    ]);
  });

  it("raises the fleet's revision exactly when documents change", async () => {
    await save("quiet", 0);
    const before = await fleetRevision();
    const about = {
      description: "what it is for",
      owner: "others",
      kind: "operations",
      lifetime: "permanent",
      isSensitive: false,
    } as const;
    const { flag } = await save("quiet", 1, { ...about, expiresAt: new Date("2030-01-01T00:00:00Z") });
    expect(flag).toMatchObject({ version: 2, owner: "others", expiresAt: new Date("2030-01-01T00:00:00Z") });
    expect(await fleetRevision()).toBe(before);
    await save("quiet", 2, { ...about, defaultVariant: "on" });
    expect(await fleetRevision()).toBe(before + 1);
  });

  it("is refused when somebody changed it since, and says who", async () => {
    await save("raced", 0);
    await save("raced", 1, { defaultVariant: "on" });
    await expect(save("raced", 1, { description: "late" })).rejects.toMatchObject({
      code: "CONFLICT",
      message:
        "owner changed raced since you looked (version 2, update). See what is different, and make your change again.",
    });
    await expect(save("raced", 0)).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("already a flag raced"),
    });
    await expect(save("nowhere", 3)).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining("was removed"),
    });
  });
});

describe("the kill switch", () => {
  it("gives the off-variant, and restoring lets the rules decide again", async () => {
    await save("switch", 0, { defaultVariant: "on" });
    const { flag } = await api.flags.kill({ key: "switch", reason: "it burns" });
    expect(flag).toMatchObject({
      version: 2,
      standing: "killed",
      killedReason: "it burns",
      definition: { offVariant: "off" },
    });
    expect((await api.flags.kill({ key: "switch", reason: "again" })).flag?.version).toBe(2);
    // What was drafted before the kill can be saved, and does not bring it back.
    expect((await save("switch", 1, { defaultVariant: "on", description: "drafted" })).flag).toMatchObject({
      version: 3,
      standing: "killed",
    });
    const restored = await api.flags.restore({ key: "switch", note: "out" });
    expect(restored.flag).toMatchObject({ version: 4, standing: "active", killedAt: null, killedReason: "" });
    expect(await audited("switch")).toEqual(["flags.create", "flags.kill", "flags.update", "flags.restore"]);
  });

  it("is refused to a flag that has nothing to give", async () => {
    await save("words", 0, { variants: { a: "x", b: "y" }, defaultVariant: "a" });
    await expect(api.flags.kill({ key: "words", reason: "x" })).rejects.toMatchObject({
      code: "INVALID",
      message: expect.stringContaining("Choose one of a, b as its off-variant first."),
    });
  });
});

describe("the list", () => {
  it("is paged by every order without a gap or a repetition", async () => {
    for (const sort of ["key", "updatedAt", "-updatedAt", "-evaluations", "-instancesBehind"] as const) {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await api.flags.list({ sort, limit: 2, ...(cursor ? { cursor } : {}) });
        seen.push(...page.items.map(({ key }) => key));
        cursor = page.nextCursor ?? undefined;
      } while (cursor);
      const all = (await plane.database.owner`select key from flags order by key`).map(({ key }) => key);
      expect([...seen].sort(), sort).toEqual(all);
    }
    expect(await tenantRevision()).toBeGreaterThan(0);
    expect(
      (await api.flags.list({ search: "wORds", lifetime: "temporary", standing: "active" })).items.map(
        ({ key }) => key,
      ),
    ).toEqual(["words"]);
  });
});
