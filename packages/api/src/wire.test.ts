import fc from "fast-check";
import superjson from "superjson";
import { describe, expect, it } from "vitest";
import { wire } from "./wire.ts";

/** What a client gets, or why it gets nothing. */
const received = (serialize: (value: unknown) => unknown, value: unknown): unknown => {
  try {
    return superjson.deserialize(JSON.parse(JSON.stringify(serialize(value))));
  } catch (error) {
    return String(error);
  }
};

/** What answers hold, and what they might hold one day. */
const anything = fc.anything({
  withDate: true,
  withBigInt: true,
  withMap: true,
  withSet: true,
  withNullPrototype: true,
  withSparseArray: true,
  key: fc.oneof(fc.string(), fc.constantFrom("", "a.b", "a\\b", "0", "at")),
});

describe("what travels to clients", () => {
  it("is read by superjson as the same value as superjson's own text", () => {
    fc.assert(
      fc.property(
        fc.record({ value: anything, list: fc.array(anything), at: fc.date({ noInvalidDate: true }) }),
        (value) => {
          expect(received(wire.serialize, value)).toEqual(received(superjson.serialize, value));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("is letter for letter what superjson writes for plain data with dates", () => {
    const value = { id: "a", at: new Date(0), list: [{ at: new Date(1), n: 1.5, none: null }, true, [new Date(2)]] };
    expect(wire.serialize(value)).toEqual(superjson.serialize(value));
  });

  it("may hold a cycle, which is cut as superjson cuts it", () => {
    const loop: Record<string, unknown> = { name: "loop" };
    loop.self = loop;
    expect(wire.serialize(loop)).toEqual(superjson.serialize(loop));
  });

  it.each(["__proto__", "constructor", "prototype"])("never holds the key %s", (key) => {
    expect(() => wire.serialize(JSON.parse(`{"a":{"${key}":{"polluted":true}}}`))).toThrow(/prototype pollution/);
  });
});
