/** The plugin over real HTTP and real TLS: what reaches a service behind the gateway, and what does not. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import { problemSchema, spiffeId } from "@kombify/agent-contract";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestCa } from "../../../packages/server/src/test-certificates.ts";
import { type RecordingService, startRecordingService } from "./recording-service.ts";
import { type Edge, hasEdge, startEdge } from "./start-edge.ts";
import {
  badTokens,
  createPublishedKeys,
  createSigningKey,
  goodClaims,
  goodTokens,
  type Published,
} from "./test-issuer.ts";

const ISSUER = "https://id.test";
const OURS = /^x[-_](user|org|tenant|plan|consumer|credential|anonymous|authenticated|request|correlation|kombify)/i;

let service: RecordingService;
let provider: Server;
let edge: Edge;
let keys: Published;
let tokens: Record<string, string>;
/** What the provider publishes; null while it is away. */
let published: object[] | null;
let asked = 0;

const isThere = await hasEdge();

beforeAll(async () => {
  if (!isThere) return;
  keys = await createPublishedKeys();
  tokens = { ...(await goodTokens(ISSUER, keys)), ...(await badTokens(ISSUER, keys)) };
  published = Object.values(keys).map((key) => key.jwk);
  provider = createServer((_request, response) => {
    asked += 1;
    if (!published) return response.destroy();
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ keys: published }));
  }).listen(0, "127.0.0.1");
  await once(provider, "listening");
  const ca = await createTestCa("edge test");
  const own = await ca.issue(spiffeId({ kind: "service", name: "cloud" }));
  service = await startRecordingService({ ...own, ca: ca.certificate });
  edge = await startEdge({
    upstreams: { cloud: service.url, admin: service.url, stacks: { "stack-1": service.url } },
    issuers: [
      {
        issuer: ISSUER,
        jwksUri: `http://localhost:${(provider.address() as AddressInfo).port}/oauth/v2/keys`,
        audiences: ["kombify"],
      },
    ],
    tls: { ...(await ca.issue(spiffeId({ kind: "service", name: "gateway" }))), ca: ca.certificate },
    jwks: { ttlSeconds: 1, cooldownSeconds: 1 },
  });
});
afterAll(async () => {
  await edge?.stop();
  await service?.close();
  provider?.close();
});
beforeEach(() => {
  if (service) service.requests.length = 0;
});

type Answer = { status: number; headers: Headers; body: string };

/** Byte for byte what is written here; a client library would tidy it up. */
async function send(lines: string[]): Promise<Answer> {
  const socket = connect(edge.port, "127.0.0.1");
  // Not ended: to nginx a client that closes its side has gone away.
  socket.write(`${lines.join("\r\n")}\r\nConnection: close\r\n\r\n`);
  const answer = await text(socket);
  const [head = "", ...rest] = answer.split("\r\n\r\n");
  const [first = "", ...fields] = head.split("\r\n");
  const headers = new Headers(fields.map((line) => line.split(/:\s*/, 2) as [string, string]));
  for (const line of fields) headers.set(line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim());
  return { status: Number(first.split(" ")[1]), headers, body: rest.join("\r\n\r\n") };
}

const get = (path: string, headers: string[] = [], host = edge.hosts.api): Promise<Answer> =>
  send([`GET ${path} HTTP/1.1`, `Host: ${host}`, ...headers]);
const bearer = (token: string | undefined): string => `Authorization: Bearer ${token}`;

/** Those headers of the one request that arrived which name somebody. */
function arrived(): Record<string, string> {
  expect(service.requests).toHaveLength(1);
  const found = service.requests[0]?.headers.filter(([name]) => OURS.test(name)) ?? [];
  expect(new Set(found.map(([name]) => name.toLowerCase())).size).toBe(found.length);
  return Object.fromEntries(found);
}
const REQUEST_ID = expect.stringMatching(/^[0-9a-f]{32}$/);

const SPOOFED = [
  "X-User-ID: admin",
  "x-user-id: admin",
  "X-USER-ID: admin",
  "X_User_ID: admin",
  "X_USER-ID: admin",
  "X-User_Id: admin",
  "X-User-Issuer: https://id.test",
  "X-User-Role: owner",
  "X-Org-ID: org-2",
  "X_Org_ID: org-2",
  "x_org_id: org-3",
  "X-User-Email: boss@example.com",
  "X-User-Name: Boss",
  "X-Plan: business",
  "X_Plan: business",
  "X-Tenant-ID: not a slug!",
  "X_Tenant_ID: bob",
  "X-Consumer-ID: 1",
  "X-Consumer-Username: plan-business",
  "X-Consumer-Custom-ID: 1",
  "X_Consumer_Username: plan-business",
  "X-Credential-Identifier: 1",
  "X-Anonymous-Consumer: true",
  "X-Request-ID: mine-12345678",
  "X_Correlation_ID: mine",
];

const routes = () =>
  [
    ["an API route", edge.hosts.api, "/api/tenant"],
    ["a public API route", edge.hosts.api, "/v1/portal/health"],
    ["a StackKits route", edge.hosts.api, "/v1/stackkits"],
    ["a page", edge.hosts.app, "/login"],
    ["a built file", edge.hosts.app, "/assets/a.js"],
    ["an Admin route", edge.hosts.admin, "/api/admin/instances"],
    ["an Admin page", edge.hosts.admin, "/"],
    ["a Stack", edge.stackHost("stack-1"), "/v1/stacks"],
  ] as const;

describe.skipIf(!isThere)("the edge (nginx-light, libnginx-mod-http-lua)", () => {
  describe("what clients say of themselves never arrives", () => {
    it.each(SPOOFED)("%s, on no kind of route", async (line) => {
      for (const [, host, path] of routes()) {
        service.requests.length = 0;
        expect((await get(path, [line], host)).status).toBe(200);
        expect(arrived()).toEqual({ "X-Request-ID": REQUEST_ID });
      }
    });

    it("all of them at once, twice, and beside a good token", async () => {
      await get("/api/tenant", [...SPOOFED, bearer(tokens.RS256), ...SPOOFED]);
      expect(arrived()).toMatchObject({ "X-User-ID": "person-1", "X-Org-ID": "org-1", "X-Plan": "pro" });
      expect(Object.keys(arrived())).toHaveLength(7);
    });

    it("not behind ninety-nine others, where a shorter look would end", async () => {
      const many = Array.from({ length: 150 }, (_, index) => `A-${index}: b`);
      expect((await get("/api/tenant", [...many, "X-User_Id: admin", "X_ORG-ID: org-2"])).status).toBe(200);
      expect(arrived()).toEqual({ "X-Request-ID": REQUEST_ID });
    });

    it("not among so many that nobody would look through them", async () => {
      const many = Array.from({ length: 250 }, (_, index) => `A${index}: b`);
      expect((await get("/api/tenant", [...many, "X-User-ID: admin"])).status).toBe(431);
      expect(service.requests).toEqual([]);
    });

    it.each([
      ["on a line that goes on", ["Accept: a", " X-User-ID: admin"]],
      ["after a space before the colon", ["X-User-ID : admin"]],
      ["after a bare line feed", ["Accept: a\nX-User-ID: admin"]],
      ["after a carriage return", ["Accept: a\rX-User-ID: admin"]],
      ["with a zero byte in its name", ["X-User-ID\0: admin"]],
      ["with another character for the hyphen", ["X.User.ID: admin", "X~User~ID: admin"]],
      ["as a trailer", ["Transfer-Encoding: chunked", "Trailer: X-User-ID", "", "0", "X-User-ID: admin", ""]],
      ["named as one that belongs to the connection", ["Connection: X-Request-ID, X-Org-ID", "X-Org-ID: org-2"]],
    ])("not %s", async (_name, lines) => {
      await send(["POST /api/tenant HTTP/1.1", `Host: ${edge.hosts.api}`, ...lines]);
      const names = service.requests.flatMap((one) => one.headers).filter(([name]) => /user|org/i.test(name));
      expect(names).toEqual([]);
    });
  });

  it("the address of a client is the one that it comes from, whatever it says", async () => {
    await get("/api/tenant", ["X-Forwarded-For: 203.0.113.7", "Forwarded: for=203.0.113.7", "X-Real-IP: 203.0.113.7"]);
    const about = service.requests[0]?.headers.filter(([name]) => /forwarded-for|^forwarded|real-ip/i.test(name));
    expect(about?.sort()).toEqual([
      ["X-Forwarded-For", "127.0.0.1"],
      ["X-Real-IP", "127.0.0.1"],
    ]);
  });

  describe("a token", () => {
    it.each(["RS256", "ES256", "EdDSA"])(
      "with %s arrives as exactly our headers, over the gateway's certificate",
      async (alg) => {
        const answer = await get("/v1/stacks", [bearer(tokens[alg]), "X-Tenant-ID: anna"]);
        expect(answer.status).toBe(200);
        expect(arrived()).toEqual({
          "X-User-ID": "person-1",
          "X-User-Issuer": ISSUER,
          "X-Org-ID": "org-1",
          "X-User-Email": "zoe@example.com",
          "X-User-Name": "Zo?",
          "X-Tenant-ID": "anna",
          "X-Plan": "pro",
          "X-Request-ID": REQUEST_ID,
        });
        expect(answer.headers.get("x-edge-consumer")).toBe("plan-pro");
        expect(service.requests[0]?.peer).toBe("URI:spiffe://kombify/service/gateway");
        // The service looks at the token again: what the gateway says is no more than a first word.
        expect(service.requests[0]?.headers).toContainEqual(["Authorization", `Bearer ${tokens[alg]}`]);
      },
    );

    it.each([
      "none",
      "hs256-with-public-key",
      "expired",
      "not-yet",
      "wrong-audience",
      "wrong-issuer",
      "unknown-key",
      "no-kid",
      "no-exp",
      "critical",
      "own-jwk",
      "RS512",
      "header-in-sub",
      "rs256-under-ec-key",
    ])("that nobody may take is refused: %s", async (name) => {
      for (const host of [edge.hosts.api, edge.hosts.admin]) {
        const answer = await get(
          host === edge.hosts.api ? "/api/tenant" : "/api/admin/instances",
          [bearer(tokens[name])],
          host,
        );
        expect(answer.status).toBe(401);
        expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer realm="kombify", error="invalid_token"/);
        expect(answer.headers.get("content-type")).toBe("application/problem+json");
        expect(
          problemSchema.parse(JSON.parse(answer.body.replace(/^[0-9a-f]+\r\n|\r\n0\r\n\r\n$/g, ""))),
        ).toMatchObject({
          status: 401,
          code: "FORBIDDEN",
        });
      }
      expect(service.requests).toEqual([]);
    });

    it("is taken from Authorization alone: in the address or in a cookie it says nothing", async () => {
      await get(`/api/tenant?access_token=${tokens.RS256}&jwt=${tokens.RS256}`, [`Cookie: jwt=${tokens.RS256}`]);
      expect(arrived()).toEqual({ "X-Request-ID": REQUEST_ID });
    });

    it("twice in one request is refused", async () => {
      const answer = await get("/api/tenant", [bearer(tokens.RS256), bearer(tokens["RS256-other"])]);
      expect([400, 401]).toContain(answer.status);
      expect(service.requests).toEqual([]);
    });

    it("of Cloud's own kind goes on untouched and names nobody", async () => {
      const answer = await get("/v1/portal/me", [bearer("kpat_0123456789abcdef")]);
      expect(arrived()).toEqual({ "X-Request-ID": REQUEST_ID });
      expect(service.requests[0]?.headers).toContainEqual(["Authorization", "Bearer kpat_0123456789abcdef"]);
      expect(answer.headers.get("x-edge-consumer")).toBe("anonymous");
    });

    it("of a Stack is the Stack's to judge", async () => {
      await get("/v1/stacks", [bearer("a".repeat(43))], edge.stackHost("stack-1"));
      expect(service.requests[0]?.headers).toContainEqual(["Authorization", `Bearer ${"a".repeat(43)}`]);
    });
  });

  it("a request without a token goes on as nobody, and a preflight is left alone", async () => {
    expect((await get("/api/tenant", ["Cookie: kombify_cloud=abc"])).headers.get("x-edge-consumer")).toBe("anonymous");
    expect(service.requests[0]?.headers).toContainEqual(["Cookie", "kombify_cloud=abc"]);
    const preflight = ["Origin: https://app.test", "Access-Control-Request-Method: POST", bearer("rubbish")];
    expect((await send(["OPTIONS /api/tenant HTTP/1.1", `Host: ${edge.hosts.api}`, ...preflight])).status).toBe(200);
  });

  it("paths of our own processes reach nobody, however they are written", async () => {
    const paths = ["/api/internal/hint", "/api/agent/desired", "/metrics", "/ready"];
    const written = (path: string) => [path, `/api/..${path}`, `/.${path}`, path.replace("n", "%6e"), `/${path}`];
    for (const host of [edge.hosts.api, edge.hosts.app, edge.hosts.admin, edge.stackHost("stack-1")])
      for (const path of paths.flatMap(written)) expect((await get(path, [], host)).status, `${host}${path}`).toBe(404);
    expect(service.requests).toEqual([]);
  });

  /** Asks until the answer is as wished: the cool-down between two fetches has to pass. */
  async function until(token: string, status: number): Promise<void> {
    await expect.poll(async () => (await get("/api/tenant", [bearer(token)])).status, { timeout: 10_000 }).toBe(status);
  }

  it("a provider that changes its keys is followed while requests go on, and the old key ends", async () => {
    const next = await createSigningKey("RS256");
    const before = published;
    const statuses: number[] = [];
    published = [next.jwk, ...(before ?? [])];
    const token = await next.sign(goodClaims(ISSUER));
    await until(token, 200);
    for (let count = 0; count < 20; count += 1)
      statuses.push((await get("/api/tenant", [bearer(tokens.RS256)])).status);
    expect(new Set(statuses)).toEqual(new Set([200]));
    published = [next.jwk];
    await until(tokens.RS256 ?? "", 401);
    await until(token, 200);
    published = before;
    await until(tokens.RS256 ?? "", 200);
  });

  it("while the provider is away its keys go on, and made-up key ids cost it little", async () => {
    const before = published;
    published = null;
    const askedBefore = asked;
    await expect
      .poll(() => get("/api/tenant", [bearer(tokens.RS256)]).then(() => asked > askedBefore), { timeout: 10_000 })
      .toBe(true);
    const startedAt = Date.now();
    for (let count = 0; count < 50; count += 1) {
      expect((await get("/api/tenant", [bearer(tokens.RS256)])).status).toBe(200);
      expect((await get("/api/tenant", [bearer(tokens["unknown-key"])])).status).toBe(401);
    }
    expect(asked - askedBefore).toBeLessThanOrEqual(3 + (Date.now() - startedAt) / 1000);
    published = before;
  });
});
