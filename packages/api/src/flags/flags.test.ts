/** Flags as staff change them, against a real database. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Caller } from "../router.ts";
import { createTestPlane, joinHost, type Person, signInStaff, signUpPerson, type TestPlane } from "../testing.ts";
import { operateFlag } from "./operate-flag.ts";
import type { FlagDefinition } from "./schemas.ts";
import { importFlagFile } from "./service.ts";

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

describe("what is saved hangs together", () => {
  it("or is refused with the place and what would be right", async () => {
    const wrong = { defaultVariant: "maybe", targeting: { if: [{ nonsense: [1] }, "on", "off"] } };
    await expect(save("wrong", 0, wrong)).rejects.toMatchObject({
      code: "INVALID",
      message: expect.stringContaining("There is no variant maybe. Choose one of: on, off."),
      fields: expect.arrayContaining([
        { path: "definition.defaultVariant", message: "There is no variant maybe. Choose one of: on, off." },
        { path: "definition.targeting.if.0", message: expect.stringContaining('There is no operator "nonsense"') },
      ]),
    });
    await expect(api.flags.get({ key: "wrong" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("so a flag stays while another needs it, and so does the variant that it needs", async () => {
    await save("base", 0);
    await save("top", 0, { offVariant: "off", prerequisites: [{ flag: "base", variants: ["on"] }] });
    expect((await api.flags.get({ key: "base" })).neededBy).toEqual(["top"]);
    await expect(api.flags.remove({ key: "base" })).rejects.toMatchObject({
      code: "PRECONDITION",
      message: "base is a prerequisite of top. Take it out there first.",
    });
    await expect(save("base", 1, { variants: { yes: true, off: false }, defaultVariant: "off" })).rejects.toMatchObject(
      { code: "INVALID", message: expect.stringContaining("base has no variant on") },
    );
    await save("top", 1);
    expect((await api.flags.remove({ key: "base" })).flag).toBeNull();
    expect(await audited("base")).toEqual(["flags.create", "flags.remove"]);
    // One of the same key goes on counting where the other ended, so that its history is one.
    expect((await save("base", 0)).flag?.version).toBe(3);
  });

  it("however many write at once: no save is lost, and two that make a circle never both go through", async () => {
    const before = await fleetRevision();
    await Promise.all(Array.from({ length: 20 }, (_, i) => save(`many-${i}`, 0)));
    expect(await fleetRevision()).toBe(before + 20);
    const revisions = await plane.database.owner`select distinct revision from flags where key like 'many-%'`;
    expect(revisions.length).toBe(20);
    const needs = (flag: string) => ({ offVariant: "off", prerequisites: [{ flag, variants: ["on"] }] });
    const results = await Promise.allSettled([save("many-0", 1, needs("many-1")), save("many-1", 1, needs("many-0"))]);
    expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(results.find(({ status }) => status === "rejected")).toMatchObject({
      reason: { code: "INVALID", message: expect.stringContaining("in a circle") },
    });
  });
});

describe("an override", () => {
  it("is of one homelab, raises the revision of that alone, and needs a variant that is there", async () => {
    await save("special", 0);
    const [fleet, tenant] = [await fleetRevision(), await tenantRevision()];
    const { flag } = await api.flags.saveOverride({
      key: "special",
      tenant: ann.tenant.slug,
      variant: "on",
      reason: "asked",
    });
    expect(flag).toMatchObject({ version: 2, overrides: 1 });
    expect(
      (await api.flags.saveOverride({ key: "special", tenant: ann.tenant.id, variant: "on", reason: "asked" })).flag
        ?.version,
    ).toBe(2);
    expect([await fleetRevision(), await tenantRevision()]).toEqual([fleet, tenant + 1]);
    expect((await api.flags.overrides({ key: "special" })).items).toMatchObject([
      { tenantId: ann.tenant.id, slug: ann.tenant.slug, variant: "on", reason: "asked", createdByName: "owner" },
    ]);
    const refused = (more: object) =>
      api.flags
        .saveOverride({ key: "special", tenant: ann.tenant.slug, variant: "on", ...more })
        .catch((error) => error);
    expect(await refused({ variant: "blue" })).toMatchObject({
      code: "INVALID",
      message: "special has no variant blue. Choose one of on, off.",
    });
    expect(await refused({ tenant: "nobody" })).toMatchObject({ code: "NOT_FOUND" });
    await expect(save("special", 2, { variants: { off: false }, defaultVariant: "off" })).rejects.toMatchObject({
      code: "PRECONDITION",
      message: expect.stringContaining(`The homelab ${ann.tenant.slug} gets on of special by an override.`),
    });
    // It changed nothing of what staff edit: what was drafted before can be saved.
    expect((await save("special", 1, { description: "drafted" })).flag?.version).toBe(3);
    expect((await api.flags.removeOverride({ key: "special", tenant: ann.tenant.slug })).flag?.overrides).toBe(0);
    expect(await audited("special")).toEqual(["flags.create", "flags.override", "flags.update", "flags.override"]);
  });
});

describe("a segment", () => {
  const logic = { "==": [{ var: "role" }, "staff"] };
  it("is part of flags, which follow it, and stays while they use it", async () => {
    const made = await api.flags.saveSegment({ key: "staff", logic, version: 0 });
    expect(made).toMatchObject({ version: 1, usedBy: [], words: "role is staff" });
    await api.flags.saveSegment({
      key: "insiders",
      logic: { or: [{ $ref: "staff" }, { var: "isFriend" }] },
      version: 0,
    });
    const before = await fleetRevision();
    await save("inner", 0, { targeting: { if: [{ $ref: "insiders" }, "on", "off"] } });
    expect((await api.flags.get({ key: "inner" })).words[0]).toBe("If in segment insiders: on");
    const changed = { key: "staff", logic: { "==": [{ var: "role" }, "employee"] } };
    expect(await api.flags.saveSegment({ ...changed, version: 1 })).toMatchObject({ version: 2, usedBy: ["inner"] });
    expect(await fleetRevision()).toBe(before + 2);
    expect((await plane.database.owner`select revision::int from flags where key = 'inner'`)[0]?.revision).toBe(
      before + 2,
    );
    await expect(api.flags.saveSegment({ key: "staff", logic, version: 1 })).rejects.toMatchObject({
      code: "CONFLICT",
    });
    await expect(
      api.flags.saveSegment({ key: "staff", logic: { $ref: "insiders" }, version: 2 }),
    ).rejects.toMatchObject({ code: "INVALID", message: expect.stringContaining("Segments refer to themselves") });
    await expect(api.flags.removeSegment({ key: "staff" })).rejects.toMatchObject({
      code: "PRECONDITION",
      message: "staff is used by inner, the segment insiders. Take it out there first.",
    });
    await api.flags.remove({ key: "inner" });
    await api.flags.removeSegment({ key: "insiders" });
    expect(await api.flags.removeSegment({ key: "staff" })).toEqual({ removed: true });
  });

  it("is no way around the second person whom a sensitive flag needs", async () => {
    await api.flags.saveSegment({ key: "trusted", logic, version: 0 });
    await save("guarded", 0, { targeting: { if: [{ $ref: "trusted" }, "on", "off"] } });
    await plane.database.owner`update flags set is_sensitive = true where key = 'guarded'`;
    await expect(
      api.flags.saveSegment({ key: "trusted", logic: { var: "anybody" }, version: 1 }),
    ).rejects.toMatchObject({ code: "PRECONDITION", message: expect.stringContaining("trusted decides for guarded") });
    const ctx = plane.admin.asSystem("test");
    await operateFlag(ctx, { kind: "kill", key: "guarded", note: "now" });
    await expect(operateFlag(ctx, { kind: "restore", key: "guarded", note: "" })).rejects.toMatchObject({
      code: "PRECONDITION",
    });
    const file = { flags: { guarded: { state: "DISABLED", variants: { on: true, off: false } } } };
    await expect(importFlagFile(ctx, { file, mode: "merge", dryRun: false, owner: "x" }, null)).rejects.toMatchObject({
      code: "PRECONDITION",
    });
    expect((await api.flags.importFile({ file })).items).toMatchObject([{ outcome: "waiting_for_approval" }]);
    expect(await api.flags.get({ key: "guarded" })).toMatchObject({ waitingChanges: 1, standing: "killed" });
  });
});

describe("a preview", () => {
  it("says what would be different, in words and for how many homelabs, and changes nothing", async () => {
    await signUpPerson(plane, "bob");
    await save("seen", 0);
    await api.flags.saveOverride({ key: "seen", tenant: ann.tenant.slug, variant: "on" });
    const targeting = { if: [{ "===": [{ var: "plan" }, "free"] }, "on", "off"] };
    const preview = await api.flags.preview({
      key: "seen",
      definition: definition({ targeting, description: "more" }),
    });
    expect(preview).toMatchObject({
      differences: [
        { what: "Description", before: null, after: "more" },
        { what: "Rules", before: null, after: "If plan is free: on\nOtherwise: off" },
      ],
      wordsBefore: ["Everybody: the default variant"],
      effects: expect.arrayContaining([
        { before: "on", after: "on", tenants: 1 },
        { before: "off", after: "on", tenants: 1 },
      ]),
      effectsNote: null,
      needsApproval: false,
    });
    expect((await api.flags.get({ key: "seen" })).version).toBe(2);
    expect((await api.flags.preview({ key: "unseen", definition: definition() })).effects).toEqual([
      { before: null, after: "off", tenants: 2 },
    ]);
    await expect(
      api.flags.preview({ key: "seen", definition: definition({ defaultVariant: "x" }) }),
    ).rejects.toMatchObject({ code: "INVALID" });
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
