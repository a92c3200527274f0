/** Cloud evaluates what it compiled, a host what it was sent, stored and read again: the same document, the same answers. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { compileFlags } from "./compile.ts";
import { evaluationContext } from "./context.ts";
import { sealDocument } from "./digest.ts";
import { checkFlags } from "./document.ts";
import { createFlagSet } from "./evaluate.ts";
import { arbitraryContext, arbitraryFlags } from "./test/arbitrary.ts";

test("a host answers what Cloud answers, for 10,000 pairs of a flag and a context", () => {
  const tenant = "019ab000-0000-7000-8000-000000000001";
  const facts = { tenantId: tenant, tenant: "acme", plan: "pro" };
  let pairs = 0;
  fc.assert(
    fc.property(arbitraryFlags, fc.array(arbitraryContext, { minLength: 40, maxLength: 40 }), (flags, contexts) => {
      const source = Object.entries(flags).map(([key, flag]) => ({
        ...{ key, state: flag.state, variants: flag.variants, defaultVariant: flag.defaultVariant },
        ...{ targeting: flag.targeting ?? {}, metadata: {}, offVariant: null, prerequisites: [], isKilled: false },
      }));
      const compiled = compileFlags({ flags: source, segments: {} }, facts, {});
      const document = sealDocument({ tenant, revision: 1, context: facts, flags: compiled }, new Date(0));
      const received = checkFlags(document.flagsDigest, JSON.parse(JSON.stringify(document.flags)));
      if (received.refusal) return expect.fail(received.refusal.message);
      const cloud = createFlagSet(compiled);
      for (const attributes of contexts) {
        const context = evaluationContext(document, attributes, "u1");
        const answers = cloud.evaluateAll(context);
        const said = JSON.stringify(answers);
        expect(JSON.stringify(received.flagSet.evaluateAll(context))).toBe(said);
        expect(JSON.stringify(answers.map(({ key }) => received.flagSet.evaluate(key, context)))).toBe(said);
        pairs += answers.length;
      }
    }),
    { numRuns: 130 },
  );
  expect(pairs).toBeGreaterThanOrEqual(10_000);
});
