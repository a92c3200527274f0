import type { FlagDocument } from "@kombify/agent-contract";
import { expect, test } from "vitest";
import { digestOfEnvelope, digestOfFlags, envelopeOf, hostFlagsEtag, sealDocument } from "./digest.ts";
import { checkEnvelope, checkFlags } from "./document.ts";

const tenant = "019ab000-0000-7000-8000-000000000001";
const other = "019ab000-0000-7000-8000-000000000002";
const flags: FlagDocument["flags"] = {
  f: {
    state: "ENABLED",
    variants: { on: true, off: false },
    defaultVariant: "off",
    targeting: { if: [{ var: "beta" }, "on"] },
  },
};
const seal = (changes: Partial<FlagDocument> = {}) => {
  const context = { tenantId: changes.tenant ?? tenant, tenant: "acme", plan: "pro" };
  return sealDocument({ tenant, revision: 7, context, flags, ...changes }, new Date(0));
};
const document = seal();
const envelope = envelopeOf(document);
const copyOf = <T>(value: T): T => JSON.parse(JSON.stringify(value));
/** A digest that fits, so that it is not what is refused. */
const checkSealed = (value: object) => checkFlags(digestOfFlags(copyOf(value) as FlagDocument["flags"]), copyOf(value));
const flagWith = (changes: object) => checkSealed({ f: { ...flags.f, ...changes } });
/** As it would come over the wire: JSON.stringify does not get that deep. */
const nested = (levels: number, core = "1"): unknown =>
  JSON.parse(`${'{"!":['.repeat(levels)}${core}${"]}".repeat(levels)}`);
const ENDLESS = 50_000;

test("a document that is whole is taken, with its flags or without", () => {
  expect(checkEnvelope(copyOf(document))).toEqual({ envelope });
  expect(checkEnvelope(copyOf(envelope), tenant)).toEqual({ envelope });
  const taken = checkFlags(document.flagsDigest, copyOf(flags));
  if (taken.refusal) return expect.fail(taken.refusal.message);
  expect(taken.flags).toEqual(flags);
  expect(taken.flagSet.evaluate("f", { beta: true })).toMatchObject({ variant: "on" });
  expect(checkSealed({})).toMatchObject({ flags: {} });
});

test("what a newer control plane adds to a flag is kept, for it is part of the digest", () => {
  const newer = { f: { ...flags.f, later: { than: ["us"] } } };
  expect(checkSealed(newer)).toMatchObject({ flags: newer });
  expect(checkFlags(document.flagsDigest, newer).refusal?.reason).toBe("corrupt");
});

test.each<[string, ReturnType<typeof checkFlags>, string, RegExp]>([
  ["nothing", checkFlags(document.flagsDigest, undefined), "empty", /no flags/],
  ["no text", checkFlags(document.flagsDigest, ""), "empty", /no flags/],
  ["a page of HTML", checkFlags(document.flagsDigest, "<html>"), "malformed", /not as agreed/],
  ["a list", checkFlags(document.flagsDigest, [flags]), "malformed", /not as agreed/],
  ["a flag of another shape", checkSealed({ f: true }), "malformed", /not as agreed/],
  [
    "other flags than were sealed",
    checkFlags(document.flagsDigest, { f: { ...flags.f, defaultVariant: "on" } }),
    "corrupt",
    /digest/,
  ],
  ["no flags where there were some", checkFlags(document.flagsDigest, {}), "corrupt", /digest/],
  ["a default that is no variant", flagWith({ defaultVariant: "no" }), "corrupt", /no variant no/],
  [
    "an operator of a later engine",
    flagWith({ targeting: { if: [{ later: 1 }, "on"] } }),
    "corrupt",
    /operator "later"/,
  ],
  [
    "such an operator deep inside",
    flagWith({ targeting: { if: [nested(20, '{"later":1}'), "on"] } }),
    "corrupt",
    /"later"/,
  ],
  ["rules that are too deep", flagWith({ targeting: nested(39) }), "corrupt", /levels deep/],
  ["a variant that is too deep", flagWith({ variants: { on: nested(39), off: {} } }), "corrupt", /levels deep/],
  ["a control character", flagWith({ variants: { on: "a\u0000", off: "b" } }), "corrupt", /control character/],
  ["a flag that is called __proto__", checkSealed(JSON.parse('{"__proto__":{}}')), "corrupt", /__proto__/],
  ["too much", flagWith({ variants: { on: "x".repeat(4 * 1024 * 1024), off: "" } }), "oversized", /larger than/],
])("flags: %s is refused and said", (_, checked, reason, message) => {
  expect(checked).toEqual({ refusal: { reason, message: expect.stringMatching(message) } });
});

test("rules as deep as they may be are taken", () => {
  expect(flagWith({ targeting: nested(38) }).refusal).toBeUndefined();
});

test("what is nested 100,000 levels deep is refused like anything else, wherever it stands", () => {
  const deep = nested(ENDLESS);
  const refusal = { reason: "corrupt", message: expect.stringContaining("levels deep") };
  expect(() => JSON.stringify(deep)).toThrow(RangeError);
  const places = [
    deep,
    { f: deep },
    { f: { ...flags.f, targeting: deep } },
    { f: { ...flags.f, variants: { on: deep } } },
  ];
  for (const value of [...places, { f: { ...flags.f, later: deep } }])
    expect(checkFlags(document.flagsDigest, value).refusal).toEqual(refusal);
  for (const value of [deep, { ...envelope, context: deep }, { ...envelope, context: { tenantId: deep } }])
    expect(checkEnvelope(value).refusal).toEqual(refusal);
  expect(checkEnvelope({ ...envelope, tenant: [deep] }).refusal).toEqual(refusal);
  // Flags are looked at by themselves.
  expect(checkEnvelope({ ...envelope, flags: deep })).toEqual({ envelope });
});

test.each<[string, unknown, string, RegExp]>([
  ["nothing", null, "empty", /empty/],
  ["no text", "", "empty", /empty/],
  ["an empty object", {}, "empty", /empty/],
  ["a page of HTML", "<html>", "malformed", /not as agreed/],
  ["a list", [envelope], "malformed", /not as agreed/],
  ["half of it", { ...envelope, context: undefined }, "malformed", /context/],
  ["another schema", { ...envelope, schemaVersion: 2 }, "malformed", /schemaVersion/],
  [
    "a control character",
    { ...envelope, context: { ...envelope.context, tenant: "a\u0000" } },
    "corrupt",
    /control char/,
  ],
  [
    "another context than was sealed",
    { ...envelope, context: { ...envelope.context, plan: "x" } },
    "corrupt",
    /digest/,
  ],
  ["other flags than were sealed", { ...envelope, flagsDigest: "0".repeat(64) }, "corrupt", /digest/],
  ["another tenant's", envelopeOf(seal({ tenant: other })), "foreign", /another tenant's/],
  ["another tenant's context", envelopeOf(seal({ context: { tenantId: other } })), "foreign", /as another tenant/],
  ["the context of nobody", envelopeOf(seal({ context: { plan: "pro" } })), "foreign", /as another tenant/],
  ["another engine's", { ...envelope, engineVersion: "flagd-core@5.0.0" }, "engine", /Bring the agent up to date/],
])("a document: %s is refused and said", (_, value, reason, message) => {
  expect(checkEnvelope(value, tenant)).toEqual({ refusal: { reason, message: expect.stringMatching(message) } });
});

test("digests name what evaluations follow from, and neither the revision nor the time", () => {
  expect(seal({ revision: 8 }).digest).toBe(document.digest);
  expect(sealDocument({ ...document }, new Date(9)).digest).toBe(document.digest);
  expect(seal({ flags: {} }).digest).not.toBe(document.digest);
  expect(digestOfFlags({ f: copyOf(flags.f!) })).toBe(document.flagsDigest);
  expect(digestOfEnvelope(envelope)).toBe(document.digest);
  expect(digestOfEnvelope({ ...envelope, context: {} })).not.toBe(document.digest);
});

test("the name of all of a host's documents changes with each of them, and not with their order", () => {
  const second = seal({ tenant: other });
  const etag = hostFlagsEtag([document, second]);
  expect(hostFlagsEtag([second, document])).toBe(etag);
  const changed = [
    [document],
    [document, { ...second, revision: 8 }],
    [document, { ...second, digest: "0".repeat(64) }],
  ];
  for (const documents of changed) expect(hostFlagsEtag(documents)).not.toBe(etag);
});
