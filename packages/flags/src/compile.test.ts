import fc from "fast-check";
import { expect, test } from "vitest";
import { type CompileSource, compileFlags, type SourceFlag } from "./compile.ts";
import { digestOfFlags } from "./digest.ts";
import { createFlagSet } from "./evaluate.ts";
import { decideTenantConditions } from "./tenant-conditions.ts";
import { arbitraryContext, arbitraryTargeting } from "./test/arbitrary.ts";

const acme = { tenantId: "t1", tenant: "acme" };
const bolt = { tenantId: "t2", tenant: "bolt" };
const flag = (changes: Partial<SourceFlag> = {}): SourceFlag => ({
  key: "f",
  state: "ENABLED",
  variants: { on: "yes", off: "no", true: "t", false: "f", "1": "one" },
  defaultVariant: "off",
  targeting: {},
  metadata: {},
  offVariant: null,
  prerequisites: [],
  isKilled: false,
  ...changes,
});
const source = (targeting: unknown, segments = {}): CompileSource => ({
  flags: [flag({ targeting: targeting as SourceFlag["targeting"] })],
  segments,
});
const compiled = (targeting: unknown, who = acme, segments = {}) =>
  compileFlags(source(targeting, segments), who, {}).f?.targeting;

const isTenant = (...tenants: string[]) => ({ in: [{ var: "tenant" }, tenants] });
const isPro = { "===": [{ var: "plan" }, "pro"] };

test("conditions on the tenant are decided, and rules keep their numbers", () => {
  const rules = {
    if: [isTenant("bolt"), "on", { and: [isTenant("acme"), isPro] }, "on", isTenant("acme"), "off", "1"],
  };
  expect(compiled(rules)).toEqual({ if: [false, null, isPro, "on", true, "off"] });
  expect(compiled(rules, bolt)).toEqual({ if: [true, "on"] });
  expect(compiled(rules, { tenantId: "t3", tenant: "c" })).toEqual({
    if: [false, null, false, null, false, null, "1"],
  });
  const flags = compileFlags(source(rules), acme, {});
  expect(createFlagSet(flags).evaluate("f", { plan: "pro" }).metadata.ruleId).toBe("rule-2");
  expect(createFlagSet(flags).evaluate("f", {}).metadata.ruleId).toBe("rule-3");
});

test("no other tenant is in a document, and everybody gets what the rules say", () => {
  const who = { t1: "acme", t2: "bolt", t3: "chip" };
  fc.assert(
    fc.property(
      arbitraryTargeting,
      fc.constantFrom("t1", "t2", "t3"),
      arbitraryContext,
      (targeting, tenantId, said) => {
        const me = { tenantId, tenant: who[tenantId] };
        const flags = compileFlags(source(targeting), me, {});
        const text = JSON.stringify(flags.f?.targeting ?? null);
        // Where the tenant's name is compared with another attribute's value, it is no tenant's name there.
        const others = Object.entries(who)
          .flat()
          .filter((name) => name !== me.tenantId && name !== me.tenant);
        for (const name of others)
          if (onlyComparedWithTenants(targeting, name)) expect(text).not.toContain(`"${name}"`);

        const context = { ...said, userId: "u1", ...me };
        const [before, after] = [source(targeting).flags[0], flags.f].map((definition) =>
          createFlagSet({ f: definition as never }).evaluate("f", context),
        );
        // What cannot be evaluated does not hold for a tenant; flagd would give up on the whole flag.
        if (before?.reason !== "ERROR" && !isRefused(targeting)) expect(after).toEqual(before);
      },
    ),
    { numRuns: 700 },
  );
});

/** Whether it is refused at save, for it compares tenants with what only an evaluation knows. */
function isRefused(targeting: unknown): boolean {
  let refused = false;
  const undecidable = () => {
    refused = true;
  };
  decideTenantConditions(targeting, { holds: () => null, undecidable });
  return refused;
}

/** Whether a text stands nowhere but beside a tenant's attribute. */
function onlyComparedWithTenants(logic: unknown, name: string, beside = ""): boolean {
  if (typeof logic === "string") return logic !== name || beside === "tenant" || beside === "tenantId";
  if (Array.isArray(logic)) {
    const attribute = (logic.find((item) => typeof item?.var === "string") as { var: string } | undefined)?.var;
    return logic.every((item) => onlyComparedWithTenants(item, name, attribute ?? beside));
  }
  if (typeof logic !== "object" || logic === null) return true;
  return Object.values(logic).every((inner) => onlyComparedWithTenants(inner, name, beside));
}

test("logic that cannot be decided without knowing more never holds, rather than telling", () => {
  const mixed = { "===": [{ cat: [{ var: "tenant" }, { var: "userId" }] }, "boltu1"] };
  expect(compiled({ if: [mixed, "on", "off"] })).toEqual({ if: [false, null, "off"] });
  expect(compiled({ cat: ["for-", { var: "tenant" }] })).toEqual({ if: [null] });
  const same = { "===": [{ var: "tenant" }, { var: "userId" }] };
  expect(compiled({ if: [same, "on"] })).toEqual({ if: [same, "on"] });
});

test("segments are written out, also within segments", () => {
  const segments = { staff: { or: [{ $ref: "own" }, isPro] }, own: isTenant("acme") };
  expect(compiled({ if: [{ $ref: "staff" }, "on"] }, acme, segments)).toEqual({ if: [true, "on"] });
  expect(compiled({ if: [{ $ref: "staff" }, "on"] }, bolt, segments)).toEqual({ if: [isPro, "on"] });
  expect(() => compiled({ if: [{ $ref: "x" }, "on"] }, acme, { x: { "!": [{ $ref: "x" }] } })).toThrow("x -> x");
  expect(() => compiled({ if: [{ $ref: "toString" }, "on"] })).toThrow("no segment toString");
});

test("without the attribute that shares go by there is no share: nobody is put into one place with everybody", () => {
  const by = (name: string) => ({
    fractional: [{ cat: [{ var: "$flagd.flagKey" }, { var: name }] }, ["on", 1], ["1", 1]],
  });
  const evaluate = (targeting: unknown, context = {}) =>
    createFlagSet(compileFlags(source(targeting), acme, {})).evaluate("f", context as never);
  for (const context of [{}, { userId: null }, { userId: "" }]) {
    expect(evaluate(by("userId"), context)).toMatchObject({ variant: "off", reason: "DEFAULT" });
    expect(evaluate({ if: [true, by("userId")] }, context)).toMatchObject({ variant: "off", reason: "DEFAULT" });
    expect(evaluate({ fractional: [[by("userId"), 1]] }, { targetingKey: "k", ...context }).variant).toBe("off");
  }
  expect(evaluate(by("userId"), { userId: "u1" })).toMatchObject({ reason: "SPLIT", metadata: { ruleId: "default" } });
  const bare = createFlagSet({ f: flag({ targeting: by("userId") }) as never }).evaluate("f", { userId: "u1" });
  expect(evaluate(by("userId"), { userId: "u1" }).variant).toBe(bare.variant);
});

test("a killed flag gives its off-variant, an overridden one that variant where its prerequisites are met", () => {
  const prerequisites = [{ flag: "p", variants: ["on"] }];
  const rules = { if: [true, "1"] };
  const flags = [
    flag({ key: "p", defaultVariant: "on" }),
    flag({ targeting: rules, offVariant: "off", prerequisites }),
  ];
  const evaluate = (changes: Partial<SourceFlag>, overrides: Record<string, string> = {}, p = flags[0]) =>
    createFlagSet(
      compileFlags(
        { flags: [p as SourceFlag, { ...(flags[1] as SourceFlag), ...changes }], segments: {} },
        acme,
        overrides,
      ),
    ).evaluate("f", {});
  expect(evaluate({})).toMatchObject({ variant: "1", metadata: { ruleId: "rule-1" } });
  expect(evaluate({ isKilled: true }, { f: "on" })).toMatchObject({
    variant: "off",
    reason: "STATIC",
    metadata: { decidedBy: "killed" },
  });
  const killed = evaluate({ isKilled: true, offVariant: null });
  expect(killed).toEqual({ key: "f", reason: "STATIC", metadata: { decidedBy: "killed" } });
  expect(evaluate({}, { f: "on" })).toMatchObject({
    variant: "on",
    reason: "STATIC",
    metadata: { decidedBy: "override" },
  });
  const off = { variant: "off", reason: "DEFAULT", metadata: { prerequisite: "p" } };
  expect(evaluate({}, { f: "on", p: "off" })).toMatchObject(off);
  expect(evaluate({}, { f: "on" }, { ...(flags[0] as SourceFlag), isKilled: true, offVariant: "on" })).toMatchObject(
    off,
  );
  expect(evaluate({}, { f: "gone" })).toMatchObject({ variant: "1" });
  expect(evaluate({ state: "DISABLED" }, { f: "on" }).reason).toBe("DISABLED");
  expect(compileFlags({ flags: [flag({ key: "constructor" })], segments: {} }, acme, {}).constructor).toMatchObject({
    defaultVariant: "off",
  });
});

test("tenants who get the same share it, down to the digest", () => {
  const shared = source({ if: [isTenant("bolt", "chip"), "on", isPro, "1"] });
  const of = (tenant: string, overrides = {}, from = shared) =>
    compileFlags(from, { tenantId: tenant, tenant }, overrides);
  expect(of("bolt")).toBe(of("chip"));
  expect(digestOfFlags(of("acme"))).not.toBe(digestOfFlags(of("bolt")));
  expect(digestOfFlags(of("acme", {}, structuredClone(shared)))).toBe(digestOfFlags(of("dorn")));
  expect(digestOfFlags(of("acme", { f: "on" }))).not.toBe(digestOfFlags(of("acme")));
});
