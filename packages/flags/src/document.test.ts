import type { FlagDocument } from "@kombify/agent-contract";
import { expect, test } from "vitest";
import { digestOfFlags, envelopeOf, hostFlagsEtag, sealDocument } from "./digest.ts";
import { checkDocument, isEnvelopeIntact } from "./document.ts";

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
const check = (value: unknown, expected = {}) => checkDocument(value, { tenant, ...expected });

test("a document that is whole is taken, and says whether it is there already", () => {
  const taken = check(JSON.parse(JSON.stringify(document)));
  expect(taken).toMatchObject({ document, isStored: false });
  if (!taken.refusal && "flagSet" in taken)
    expect(taken.flagSet.evaluate("f", { beta: true })).toMatchObject({ variant: "on" });
  expect(check(document, { stored: document })).toMatchObject({ isStored: true });
  expect(check(document, { stored: { ...document, revision: 6 } })).toMatchObject({ isStored: false });
  const empty = seal({ flags: {} });
  expect(check(empty)).toMatchObject({ document: empty });
});

const withFlags = (changed: unknown) => {
  const changedFlags = changed as FlagDocument["flags"];
  return seal({ flags: changedFlags });
};

test.each<[string, unknown, string, object?]>([
  ["nothing", null, "empty"],
  ["no text", "", "empty"],
  ["an empty object", {}, "empty"],
  ["a page of HTML", "<html>", "corrupt"],
  ["a list", [document], "corrupt"],
  ["half of it", { ...document, flags: undefined }, "corrupt"],
  ["a flag of another shape", { ...document, flags: { f: true } }, "corrupt"],
  ["another value than was sealed", { ...document, flags: { f: { ...flags.f, defaultVariant: "on" } } }, "corrupt"],
  ["another context than was sealed", { ...document, context: { ...document.context, plan: "x" } }, "corrupt"],
  ["no flags where there were some", { ...document, flags: {} }, "corrupt"],
  ["a default that is no variant", withFlags({ f: { ...flags.f, defaultVariant: "no" } }), "corrupt"],
  [
    "an operator of a later engine",
    withFlags({ f: { ...flags.f, targeting: { if: [{ later: 1 }, "on"] } } }),
    "corrupt",
  ],
  ["something endlessly deep", JSON.parse(`${'{"a":'.repeat(3000)}1${"}".repeat(3000)}`), "corrupt"],
  ["another schema", { ...document, schemaVersion: 2 }, "corrupt"],
  ["another tenant's", seal({ tenant: other }), "foreign"],
  ["another tenant's context", seal({ context: { tenantId: other } }), "foreign"],
  ["another engine's", { ...document, engineVersion: "flagd-core@5.0.0" }, "engine"],
  ["too much", document, "oversized", { bytes: 5_000_000 }],
  ["what is older", document, "older", { stored: { revision: 8, digest: document.digest } }],
  ["another content of the same revision", document, "conflict", { stored: { revision: 7, digest: "0".repeat(64) } }],
])("%s is refused and said", (_, value, refusal, expected = {}) => {
  expect(check(value, expected)).toEqual({ refusal, message: expect.stringMatching(/\w{4}/) });
});

test("digests name what evaluations follow from, and neither the revision nor the time", () => {
  expect(seal({ revision: 8 }).digest).toBe(document.digest);
  expect(sealDocument({ ...document }, new Date(9)).digest).toBe(document.digest);
  expect(seal({ flags: {} }).digest).not.toBe(document.digest);
  expect(digestOfFlags({ f: JSON.parse(JSON.stringify(flags.f)) })).toBe(document.flagsDigest);
  expect(isEnvelopeIntact(envelopeOf(document))).toBe(true);
  expect(isEnvelopeIntact({ ...envelopeOf(document), context: {} })).toBe(false);
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
