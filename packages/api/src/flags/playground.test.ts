/** The playground says what a flag gives and why, and it is what hosts and Cloud give. */
import type { TenantId } from "@kombify/db";
import { buildTargeting, type Rule, WHOLE } from "@kombify/flags/rules";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Caller } from "../router.ts";
import { createTestPlane, joinHost, type Person, signInStaff, signUpPerson, type TestPlane } from "../testing.ts";
import type { FlagDefinition } from "./schemas.ts";

let plane: TestPlane;
let api: Caller;
let ann: Person;
let bob: Person;
beforeAll(async () => {
  plane = await createTestPlane();
  const staff = await signInStaff(plane);
  api = staff.api;
  const host = await joinHost(plane, staff, "host-a");
  ann = await signUpPerson(plane, "ann");
  bob = await signUpPerson(plane, "bob");
  await host.applyAll();
});
afterAll(() => plane.close());

const definition = (rules: Rule[] = [], more: Partial<FlagDefinition> = {}) => ({
  owner: "core",
  variants: { on: true, off: false },
  defaultVariant: "off",
  offVariant: "off",
  targeting: buildTargeting({ rules, otherwise: null }) as FlagDefinition["targeting"],
  ...more,
});
const save = async (key: string, rules: Rule[] = [], more: Partial<FlagDefinition> = {}) =>
  (await api.flags.save({ key, version: 0, definition: definition(rules, more) })).flag?.version;

const forPlan = (...plans: string[]): Rule => ({
  when: { kind: "compare", attribute: "plan", operator: "one of", value: plans },
  give: { kind: "variant", variant: "on" },
});
const forShare = (weight: number, by = "userId"): Rule => ({
  when: null,
  give: {
    kind: "split",
    by,
    weights: [
      { variant: "on", weight },
      { variant: "off", weight: WHOLE - weight },
    ],
  },
});

describe("as a tenant", () => {
  it("by address or id, on its plan or on another one, with every condition that was looked at", async () => {
    await save("by-plan", [forPlan("business"), forPlan("pro")]);
    const { slug, id } = ann.tenant;
    const own = await api.flags.playground({ key: "by-plan", tenant: slug });
    expect(own).toMatchObject({ value: false, variant: "off", reason: "DEFAULT", decidedBy: "default", bucket: null });
    expect(own.context).toMatchObject({
      plan: "free",
      tenant: slug,
      tenantId: id,
      instance: "host-a",
      version: "test",
    });
    expect(own.steps).toEqual([
      { words: "plan is one of business", holds: false },
      { words: "plan is one of pro", holds: false },
    ]);
    const other = await api.flags.playground({ key: "by-plan", tenant: id, plan: "pro" });
    expect(other).toMatchObject({
      ...{ value: true, hasValue: true, variant: "on", reason: "TARGETING_MATCH", decidedBy: "rule-2", error: null },
      words: "Rule 2 decides. If plan is one of pro: on.",
      steps: [{ holds: false }, { holds: true }],
      context: { plan: "pro" },
    });
  });

  it("what is known of it outweighs what is said; where none is named, everything may be said", async () => {
    const context = { plan: "pro", beta: true };
    const said = await api.flags.playground({ key: "by-plan", tenant: ann.tenant.slug, context });
    expect(said).toMatchObject({ variant: "off", context: { plan: "free", beta: true } });
    expect(await api.flags.playground({ key: "by-plan", context })).toMatchObject({ variant: "on", context });
    expect((await api.flags.playground({ key: "by-plan", plan: "business" })).decidedBy).toBe("rule-1");
  });

  it("that is not there is not found, nor is a flag that is not", async () => {
    await expect(api.flags.playground({ key: "by-plan", tenant: "nowhere" })).rejects.toMatchObject({
      code: "NOT_FOUND",
      fields: [{ path: "tenant" }],
    });
    await expect(api.flags.playground({ key: "nowhere" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("no word is said of another one, although the rules name it", async () => {
    await save("named", [
      {
        when: { kind: "compare", attribute: "tenantId", operator: "one of", value: [bob.tenant.id, ann.tenant.id] },
        give: { kind: "variant", variant: "on" },
      },
    ]);
    expect(await api.flags.playground({ key: "named", tenant: ann.tenant.id })).toMatchObject({ variant: "on" });
    expect(await api.flags.playground({ key: "named", tenant: bob.tenant.id })).toMatchObject({ variant: "on" });
    expect(await api.flags.playground({ key: "named" })).toMatchObject({ variant: "off" });
  });
});

describe("a share", () => {
  it("names whose it is, the place, and the border: one place further and it is given", async () => {
    const key = "shared";
    const context = { userId: "user-1" };
    const tryShare = (weight: number) =>
      api.flags.playground({ key, context, definition: definition([forShare(weight)]) });
    const { bucket, decidedBy, reason } = await tryShare(50_000);
    expect(bucket).toMatchObject({
      attribute: "userId",
      value: "user-1",
      shares: [
        { variant: "on", from: 0, to: 50_000 },
        { variant: "off", from: 50_000, to: WHOLE },
      ],
    });
    expect([decidedBy, reason]).toEqual(["rule-1", "SPLIT"]);
    const place = bucket?.place ?? expect.fail("There is no place.");
    expect(await tryShare(place)).toMatchObject({ variant: "off", bucket: { place } });
    expect(await tryShare(place + 1)).toMatchObject({ variant: "on", bucket: { place } });
  });

  it("decides nothing where nobody is said whose it could be", async () => {
    await save("lonely", [forShare(50_000)]);
    expect(await api.flags.playground({ key: "lonely", tenant: ann.tenant.slug })).toMatchObject({
      ...{ variant: "off", decidedBy: "default", bucket: null },
      words: "Rule 1 holds, and gives nothing here. What is left is off.",
    });
  });
});

describe("what stands above the rules", () => {
  it("is named: disabled, then killed, then a prerequisite, then an override", async () => {
    const key = "ranked";
    const tenant = ann.tenant.slug;
    const tried = async () => {
      const { decidedBy, variant, words, steps } = await api.flags.playground({ key, tenant, plan: "pro" });
      expect(steps.length > 0).toBe(decidedBy.startsWith("rule"));
      return { decidedBy, variant, words };
    };
    await save("needed", [], { defaultVariant: "on" });
    await save(key, [forPlan("pro")], {
      variants: { on: true, off: false, special: true },
      prerequisites: [{ flag: "needed", variants: ["on"] }],
    });
    expect(await tried()).toMatchObject({ decidedBy: "rule-1", variant: "on" });
    await api.flags.saveOverride({ key, tenant, variant: "special", reason: "they asked" });
    expect(await tried()).toMatchObject({
      ...{ decidedBy: "override", variant: "special" },
      words: `By an override (they asked) ${tenant} gets special, whatever the rules say.`,
    });
    expect(await api.flags.playground({ key, tenant: bob.tenant.slug, plan: "pro" })).toMatchObject({ variant: "on" });
    await api.flags.kill({ key: "needed", reason: "it burns" });
    expect(await tried()).toMatchObject({
      ...{ decidedBy: "prerequisite", variant: "off" },
      words: "ranked needs needed to give on, which it does not here. It gives off.",
    });
    await api.flags.kill({ key, reason: "it burns too" });
    expect(await tried()).toMatchObject({
      ...{ decidedBy: "killed", variant: "off" },
      words: "ranked is killed (it burns too). Everybody gets off, whatever the rules say.",
    });
    const disabled = definition([forPlan("pro")], {
      variants: { on: true, off: false, special: true },
      state: "DISABLED",
    });
    expect(await api.flags.playground({ key, tenant, definition: disabled })).toMatchObject({
      ...{ decidedBy: "disabled", hasValue: false, value: null, variant: null, reason: "DISABLED" },
      words: expect.stringContaining("their own code"),
    });
  });
});

describe("a draft", () => {
  it("is tried before it is saved, segments included, and leaves nothing behind", async () => {
    await api.flags.saveSegment({ key: "insiders", logic: { in: [{ var: "plan" }, ["business"]] }, version: 0 });
    const draft = definition([
      { when: { kind: "segment", segment: "insiders" }, give: { kind: "variant", variant: "on" } },
    ]);
    expect(await api.flags.playground({ key: "draft", definition: draft, plan: "business" })).toMatchObject({
      ...{ variant: "on", decidedBy: "rule-1" },
      steps: [{ words: "in segment insiders", holds: true }],
    });
    await expect(api.flags.get({ key: "draft" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("that could not be saved is refused with what is wrong", async () => {
    const draft = definition([], { prerequisites: [{ flag: "nowhere", variants: ["on"] }] });
    await expect(api.flags.playground({ key: "draft", definition: draft })).rejects.toMatchObject({
      code: "INVALID",
      message: expect.stringContaining("nowhere"),
    });
  });
});

it("what it says is what the tenant's host and Cloud get, for anybody on any flag", async () => {
  await save("mixed", [forPlan("pro"), forShare(30_000), forShare(60_000, "tenantId")]);
  await save("mostly", [
    { when: { kind: "compare", attribute: "age", operator: "at least", value: 18 }, give: forShare(70_000).give },
  ]);
  const keys = (await api.flags.list({})).items.map(({ key }) => key);
  const { document, flagSet } = await plane.cloud.can.flagDocuments.of(ann.tenant.id as TenantId);
  const contexts = fc.record(
    { userId: fc.uuid(), age: fc.integer({ min: 0, max: 99 }), beta: fc.boolean() },
    { requiredKeys: ["userId"] },
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...keys), contexts, async (key, context) => {
      const told = await api.flags.playground({ key, tenant: ann.tenant.id, context });
      const { userId: targetingKey } = context;
      const got = flagSet.evaluate(key, { targetingKey, ...context, ...document.context });
      expect([told.variant, told.reason]).toEqual([got.variant ?? null, got.reason]);
      if (told.steps.length > 0) expect(told.decidedBy).toBe(got.metadata.ruleId);
      expect(told.bucket !== null).toBe(got.reason === "SPLIT");
    }),
    { numRuns: 60 },
  );
});
