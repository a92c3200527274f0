/**
 * Every route of both OpenAPI documents, called over HTTP with values made from its own schemas, good and spoiled, by
 * everybody who might call it. No answer may be a failure of ours, and each must be what the document says.
 */
import { createShell, type Listener, listen } from "@kombify/server";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requestInfoOf } from "../agent-api.ts";
import type { Audience } from "../context.ts";
import type { ControlPlane } from "../control-plane.ts";
import { openapiDocument } from "../openapi.ts";
import {
  createTestPlane,
  joinHost,
  type Person,
  signInStaff,
  signUpPerson,
  type TestPlane,
  testLog,
} from "../testing.ts";
import { THROTTLE_KINDS } from "../throttle.ts";
import { hostile, type JsonSchema, spoiled, valid } from "./arbitrary.ts";

interface Operation {
  operationId: string;
  parameters?: { name: string; in: "path" | "query" | "header" | "cookie"; schema: JsonSchema; required?: boolean }[];
  requestBody?: { content: Record<string, { schema: JsonSchema }> };
  responses: Record<string, { content?: Record<string, { schema: JsonSchema }> }>;
}
type Document = { paths: Record<string, Record<string, Operation>>; components: object };

/** Calls per route; more find more and take longer: FUZZ_RUNS=2000 finds what a night has time for. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 40);
const ORIGIN = "http://localhost:3000";

const documentOf = (audience: Audience) => openapiDocument(audience, ORIGIN) as Document;

const routes = (["cloud", "admin"] as const).flatMap((audience) =>
  Object.entries(documentOf(audience).paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      audience,
      path,
      method: method.toUpperCase(),
      operation,
      title: `${method.toUpperCase()} ${path} of ${audience}`,
    })),
  ),
);

const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true });
addFormats.default(ajv);

let plane: TestPlane;
const listeners: Listener[] = [];
const origins = new Map<Audience, string>();
let ann: Person;
/** Cookies by who somebody is; made anew for each route, since some routes end them. */
let cookies: Record<string, string>;
/** Ids and slugs that exist, to be put into paths. */
let known: string[];

async function serve(part: ControlPlane): Promise<string> {
  const shell = createShell({ name: "fuzz", version: "0", log: testLog, checks: part.checks, exposeMetrics: false });
  shell.app.all("*", async (c) => (await part.handle(c.req.raw, requestInfoOf(c))) ?? c.notFound());
  const listener = await listen({ fetch: shell.app.fetch, port: 0 });
  listeners.push(listener);
  return listener.url;
}

async function prepare(): Promise<void> {
  const viewer = await signInStaff(plane, "viewer");
  const [bob, owner] = [await signUpPerson(plane, "bob"), await signInStaff(plane)];
  // Signing an owner in took the viewer's role away.
  await plane.database.owner`update users set staff_role = 'viewer' where email = ${viewer.email}`;
  ann = await signUpPerson(plane, "ann");
  const { instance } = await owner.api.instances.register({ name: `spare-${crypto.randomUUID().slice(0, 8)}` });
  cookies = { ann: ann.cookie, bob: bob.cookie, owner: owner.cookie, viewer: viewer.cookie };
  known = [ann.tenant.id, ann.tenant.slug, bob.tenant.slug, ann.id, instance.id];
}

beforeAll(async () => {
  const generous = { points: 1_000_000, seconds: 60 };
  plane = await createTestPlane({ limits: Object.fromEntries(THROTTLE_KINDS.map((kind) => [kind, generous])) });
  origins.set("cloud", await serve(plane.cloud));
  origins.set("admin", await serve(plane.admin));
  await joinHost(plane, await signInStaff(plane), "fuzz-host", 1_000);
}, 60_000);
afterAll(async () => {
  await Promise.all(listeners.map((listener) => listener.close()));
  await plane.close();
});

interface Call {
  who: string;
  selector: string | undefined;
  path: Record<string, unknown>;
  query: Record<string, unknown>;
  body: unknown;
}

/** One in three calls is good, so that the way behind the checks is walked too. */
function callsOf({ operation }: (typeof routes)[number]): fc.Arbitrary<Call> {
  const schemaOf = (place: "path" | "query"): JsonSchema => {
    const parameters = (operation.parameters ?? []).filter((parameter) => parameter.in === place);
    return {
      type: "object",
      properties: Object.fromEntries(parameters.map(({ name, schema }) => [name, schema])),
      required: parameters.filter(({ required }) => required).map(({ name }) => name),
    };
  };
  const body = operation.requestBody?.content["application/json"]?.schema;
  const inPath = Object.keys(schemaOf("path").properties ?? {});
  return fc.record({
    who: fc.constantFrom("ann", "ann", "bob", "owner", "owner", "viewer", "nobody", "forged"),
    selector: fc.oneof(fc.constant(undefined), fc.constantFrom(0, 1, 2).map(String), fc.uuid()),
    path: fc.record(
      Object.fromEntries(
        inPath.map((name) => [
          name,
          fc.oneof(
            fc.constantFrom(..."01234").map((index) => ({ known: Number(index) })),
            valid(schemaOf("path").properties?.[name] ?? {}),
            hostile(),
          ),
        ]),
      ),
      { requiredKeys: inPath },
    ),
    query: fc.oneof(valid(schemaOf("query")), spoiled(schemaOf("query"))) as fc.Arbitrary<Record<string, unknown>>,
    body: body ? fc.oneof(valid(body), spoiled(body), spoiled(body), hostile()) : fc.constant(undefined),
  });
}

const asText = (value: unknown): string => {
  const index = (value as { known?: number } | null)?.known;
  const text = index === undefined ? (typeof value === "string" ? value : JSON.stringify(value)) : (known[index] ?? "");
  // Node ends a connection whose request line is longer than its headers may be (431), before anything of ours sees it.
  return text.toWellFormed().slice(0, 2_000);
};

function requestOf({ audience, path, method }: (typeof routes)[number], call: Call): Request {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(asText(call.path[name])) || "%20");
  // A path segment of dots is taken away before anything is sent (WHATWG URL); hostile clients are not browsers.
  const url = new URL(`${origins.get(audience)}${filled.replace(/\/(\.{1,2})(?=\/|$)/g, "/%2e$1")}`);
  if (method === "GET" || method === "DELETE")
    for (const [name, value] of Object.entries(call.query)) url.searchParams.set(name, asText(value));
  const cookie = call.who === "forged" ? `kombify_${audience}=${"f".repeat(43)}` : cookies[call.who];
  const selector = call.selector && (known[Number(call.selector)] ?? call.selector);
  return new Request(url, {
    method,
    headers: {
      ...(cookie ? { cookie } : {}),
      ...(selector ? { "x-tenant-id": selector } : {}),
      ...(call.body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(method === "GET" || method === "DELETE" || call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
  });
}

/** What is wrong with an answer; null when it is as the document says. */
async function complaintOf({ audience, operation }: (typeof routes)[number], answer: Response): Promise<string | null> {
  const text = await answer.text();
  // UPSTREAM is the one failure that is not ours: the host of this test has no agent behind its address.
  const isAway = answer.status === 502 && text.includes('"code":"UPSTREAM"');
  if (answer.status >= 500 && !isAway) return `${answer.status} ${text}`;
  const declared = operation.responses[String(answer.status)] ?? operation.responses.default;
  const type = (answer.headers.get("content-type") ?? "").split(";")[0] ?? "";
  if (answer.status >= 300 && answer.status < 400 && operation.responses[String(answer.status)]) return null;
  const schema = declared?.content?.[type]?.schema;
  if (!schema)
    return `${answer.status} with ${type || "no content type"} is not in the document: ${text.slice(0, 300)}`;
  // What refers to itself, as JSON does, stands among the document's components.
  const check = ajv.compile({ ...schema, components: documentOf(audience).components });
  return check(JSON.parse(text))
    ? null
    : `${answer.status} breaks its schema: ${ajv.errorsText(check.errors)} ${text.slice(0, 500)}`;
}

describe.each(routes)("$title", (route) => {
  it("answers whatever it is asked, as its document says, and never fails", async () => {
    await prepare();
    await fc.assert(
      fc.asyncProperty(callsOf(route), async (call) => {
        const answer = await fetch(requestOf(route, call), { redirect: "manual" });
        expect(await complaintOf(route, answer)).toBeNull();
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  }, 120_000);
});

it("the documents have routes, and every one of them was walked", () => {
  expect(routes.length).toBeGreaterThan(20);
});
