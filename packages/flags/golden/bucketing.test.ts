/** Who gets a share is a promise: the same people on every host, today and after an update. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isOurEngine } from "../src/index.ts";
import { ATTRIBUTES, GOLDEN_FLAG, PERCENTAGES, rolloutFlags } from "./rollout.ts";

interface Golden {
  engineVersion: string;
  percentages: number[];
  vectors: Record<string, Record<string, string>>;
}
const golden = JSON.parse(readFileSync(new URL("./bucketing.json", import.meta.url), "utf8")) as Golden;

/** MurmurHash3_x86_32 with seed 0 (Austin Appleby, public domain), of ASCII; not what the engine uses. */
function murmur3(text: string): number {
  const rotate = (value: number, by: number) => (value << by) | (value >>> (32 - by));
  const mix = (value: number) => Math.imul(rotate(Math.imul(value, 0xcc9e2d51), 15), 0x1b873593);
  const bytes = Buffer.from(text, "ascii");
  const whole = bytes.length - (bytes.length % 4);
  let hash = 0;
  for (let at = 0; at < whole; at += 4)
    hash = (Math.imul(rotate(hash ^ mix(bytes.readInt32LE(at)), 13), 5) + 0xe6546b64) | 0;
  const rest = bytes.subarray(whole);
  if (rest.length > 0) hash ^= mix(rest.readUIntLE(0, rest.length));
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

test("nobody's share has changed since the golden vectors were made", () => {
  expect(isOurEngine(golden.engineVersion)).toBe(true);
  expect(golden.percentages).toEqual(PERCENTAGES);
  for (const by of ATTRIBUTES) {
    const flagSets = PERCENTAGES.map((percentage) => rolloutFlags(by, percentage));
    const ids = Object.keys(golden.vectors[by] ?? {});
    expect(ids.length).toBeGreaterThan(300);
    for (const id of ids) {
      const variants = flagSets.map((flags) => flags.evaluate(GOLDEN_FLAG, { [by]: id }).variant).join(" ");
      expect([by, id, variants]).toEqual([by, id, golden.vectors[by]?.[id]]);
    }
  }
});

test("the golden vectors are MurmurHash3 of flag and id, scaled to the weights, as flagd documents it", () => {
  // Reference values of the algorithm, seed 0.
  expect(murmur3("")).toBe(0);
  expect(murmur3("hello")).toBe(0x248bfa47);
  expect(murmur3("hello, world")).toBe(0x149bbb7f);
  expect(murmur3("The quick brown fox jumps over the lazy dog")).toBe(0x2e4ff723);
  for (const by of ATTRIBUTES)
    for (const [id, variants] of Object.entries(golden.vectors[by] ?? {}))
      if (/^[\x20-\x7e]+$/.test(id)) {
        const place = Math.floor((murmur3(`${GOLDEN_FLAG}${id}`) * 100_000) / 2 ** 32);
        const expected = PERCENTAGES.map((percentage) => (place < percentage * 1_000 ? "on" : "off")).join(" ");
        expect([id, variants]).toEqual([id, expected]);
      }
});

test("raising a percentage never takes the flag from anyone", () => {
  const percentage = fc.integer({ min: 0, max: 100_000 }).map((thousandths) => thousandths / 1_000);
  const ids = fc.array(fc.oneof(fc.uuid(), fc.string({ minLength: 1 })), { minLength: 20, maxLength: 20 });
  fc.assert(
    fc.property(percentage, percentage, ids, fc.constantFrom(...ATTRIBUTES), (a, b, people, by) => {
      const [before, after] = [Math.min(a, b), Math.max(a, b)].map((share) => rolloutFlags(by, share));
      for (const id of people)
        if (before?.evaluate(GOLDEN_FLAG, { [by]: id }).variant === "on")
          expect(after?.evaluate(GOLDEN_FLAG, { [by]: id }).variant).toBe("on");
    }),
    { numRuns: 200 },
  );
});

test("a share is as large as it says, within half a percent of everybody, and another flag reaches other people", () => {
  const people = Array.from({ length: 20_000 }, (_, n) => `person-${n}`);
  const reached = (share: number, key?: string) => {
    const flags = rolloutFlags("userId", share, key);
    return people.filter((userId) => flags.evaluate(key ?? GOLDEN_FLAG, { userId }).variant === "on");
  };
  for (const share of [1, 5, 10, 25, 50])
    expect(Math.abs(reached(share).length / people.length - share / 100)).toBeLessThan(0.005);
  const first = new Set(reached(10));
  expect(reached(10, "another").filter((id) => first.has(id)).length / people.length).toBeLessThan(0.02);
});
