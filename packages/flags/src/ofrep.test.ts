import type { CompiledFlags } from "@kombify/agent-contract";
import { expect, test } from "vitest";
import { evaluationContext } from "./context.ts";
import { createFlagSet } from "./evaluate.ts";
import { answerBulk, answerFlag, refetchEvent, type ServedFlags } from "./ofrep.ts";

const flags: CompiledFlags = {
  plan: {
    state: "ENABLED",
    variants: { on: true, off: false },
    defaultVariant: "off",
    targeting: { if: [{ "===": [{ var: "plan" }, "pro"] }, "on"] },
  },
  own: {
    state: "ENABLED",
    variants: { on: "yours", off: "theirs" },
    defaultVariant: "off",
    targeting: { if: [{ "===": [{ var: "userId" }, "u1"] }, "on"] },
  },
  none: { state: "ENABLED", variants: { on: 1 }, defaultVariant: null },
  gone: { state: "DISABLED", variants: { on: 1 }, defaultVariant: "on" },
  broken: { state: "ENABLED", variants: { on: 1 }, defaultVariant: "on", targeting: { if: [true, "nowhere"] } },
};
const served = (changes: Partial<ServedFlags> = {}, content = flags): ServedFlags => ({
  document: { revision: 7, digest: "d".repeat(64), context: { tenantId: "t1", tenant: "acme", plan: "pro" } },
  flagSet: createFlagSet(content),
  ...changes,
});
const bulk = (options: { ifNoneMatch?: string } = {}, body: unknown = {}, of: ServedFlags | null = served()) =>
  answerBulk(of, body, { caller: "u1", ...options });

test("what the server knows outweighs what a client says, known or not", () => {
  const said = { plan: "enterprise", region: "moon", tenantId: "t2", beta: true, userId: "", ["__proto__"]: { a: 1 } };
  expect(evaluationContext(served().document, said, "u1")).toEqual({
    tenantId: "t1",
    tenant: "acme",
    plan: "pro",
    beta: true,
    userId: "u1",
    targetingKey: "u1",
  });
  expect(evaluationContext(served().document, { userId: "u2", targetingKey: "k" }, "u1")).toMatchObject({
    userId: "u2",
    targetingKey: "k",
  });
  expect(answerFlag(served(), "plan", { context: { plan: "free" } }, "u1").body).toMatchObject({ value: true });
});

test("one flag is answered with its value, reason and where it comes from", () => {
  const { status, body, headers } = answerFlag(served(), "own", undefined, "u1");
  expect([status, headers["content-type"]]).toEqual([200, "application/json"]);
  expect(body).toMatchObject({ key: "own", value: "yours", variant: "on", reason: "TARGETING_MATCH" });
  expect(body).toMatchObject({ metadata: { revision: 7, digest: "d".repeat(64) } });
});

test("without a value is a success: disabled, or no default", () => {
  const disabled = answerFlag(served(), "gone", {}, "u1");
  expect([disabled.status, disabled.body?.reason]).toEqual([200, "DISABLED"]);
  expect(disabled.body).not.toHaveProperty("value");
  const none = answerFlag(served(), "none", {}, "u1");
  expect(none.status).toBe(200);
  expect(none.body).not.toHaveProperty("value");
});

test.each<[string, string, unknown, number, string]>([
  ["no flag", "nothing", {}, 404, "FLAG_NOT_FOUND"],
  ["a name of every object", "constructor", {}, 404, "FLAG_NOT_FOUND"],
  ["rules that give no variant", "broken", {}, 400, "GENERAL"],
  ["a body that is no object", "plan", [1], 400, "PARSE_ERROR"],
  ["a context that is no object", "plan", { context: "x" }, 400, "INVALID_CONTEXT"],
  ["a targetingKey that is no string", "plan", { context: { targetingKey: 1 } }, 400, "INVALID_CONTEXT"],
  [
    "a deep context",
    "plan",
    { context: JSON.parse(`${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`) },
    400,
    "INVALID_CONTEXT",
  ],
  ["a huge context", "plan", { context: { a: "x".repeat(70_000) } }, 400, "INVALID_CONTEXT"],
])("%s is said with the protocol's code", (_, key, body, status, errorCode) => {
  const answer = answerFlag(served(), key, body, "u1");
  expect(answer.status).toBe(status);
  expect(answer.body).toMatchObject({ key, errorCode, errorDetails: expect.any(String) });
  expect(answer.body).not.toHaveProperty("value");
});

test("before the first document every answer says so", () => {
  expect(answerFlag(null, "plan", {}, "u1")).toMatchObject({ status: 500, body: { errorCode: "PROVIDER_NOT_READY" } });
  expect(bulk({}, {}, null)).toMatchObject({
    status: 503,
    body: { errorCode: "PROVIDER_NOT_READY" },
    headers: { "retry-after": "5" },
  });
});

test("all flags are answered, failures and disabled ones among them", () => {
  const { status, body, evaluations } = bulk();
  expect(status).toBe(200);
  expect(evaluations).toHaveLength(5);
  expect(body?.flags).toEqual([
    expect.objectContaining({ key: "plan", value: true }),
    expect.objectContaining({ key: "own", value: "yours" }),
    expect.objectContaining({ key: "none" }),
    expect.objectContaining({ key: "gone", reason: "DISABLED" }),
    expect.objectContaining({ key: "broken", errorCode: "GENERAL" }),
  ]);
  expect(body?.metadata).toEqual({ revision: 7, digest: "d".repeat(64) });
});

test("a client that has the answer gets 304 without a body, however it says so", () => {
  const etag = bulk().headers.etag ?? "";
  expect(etag).toMatch(/^W\/"[\w-]+"$/);
  for (const ifNoneMatch of [etag, etag.slice(2), `"x", ${etag}`, `W/"a,b" , ${etag.slice(2)}`, "*", " * "]) {
    expect(bulk({ ifNoneMatch })).toMatchObject({ status: 304, body: null, headers: { etag } });
  }
  for (const ifNoneMatch of ['"x"', "", etag.slice(3, -1), `${etag.slice(0, -2)}"`])
    expect(bulk({ ifNoneMatch }).status).toBe(200);
});

test("the tag changes with a value under the same variant, and with staleness, but not with age", () => {
  const tag = (of: ServedFlags, body = {}) => bulk({}, body, of).headers.etag;
  const before = tag(served());
  const otherValue = { ...flags, own: { ...flags.own, variants: { on: "changed", off: "theirs" } } } as CompiledFlags;
  expect(tag(served())).toBe(before);
  expect(tag(served({}, otherValue))).not.toBe(before);
  expect(tag(served(), { context: { userId: "u2" } })).not.toBe(before);
  const old = (ageSeconds: number, isStale: boolean) => served({ standing: { ageSeconds, isStale } });
  expect(tag(old(10, false))).toBe(tag(old(20, false)));
  expect(tag(old(10, false))).not.toBe(tag(old(20, true)));
  expect(bulk({}, {}, old(20.4, true)).body?.metadata).toMatchObject({ ageSeconds: 20, stale: true });
});

test("streams and their events are what official clients understand", () => {
  const stream = { type: "sse" as const, endpoint: { requestUri: "/ofrep/v1/events" } };
  expect(answerBulk(served(), {}, { caller: "u1", eventStreams: [stream] }).body?.eventStreams).toEqual([stream]);
  expect(JSON.parse(refetchEvent({ etag: "e" }))).toEqual({ type: "refetchEvaluation", etag: "e" });
});
