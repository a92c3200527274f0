/**
 * What somebody tries who wants to be somebody else, against Cloud's two listeners over HTTP and TLS, and through the edge:
 * the gateway's own plugin in front of them. Each attack is made by every way there is.
 */
import { createHmac, randomUUID } from "node:crypto";
import { once } from "node:events";
import { request as insecureRequest } from "node:http";
import { request as secureRequest } from "node:https";
import { text } from "node:stream/consumers";
import { issueGatewayCertificate, onlyGateway, openGatewayListener, REST_ROUTES, requestInfoOf } from "@kombify/api";
import {
  createTestPlane,
  joinHost,
  linkAccount,
  openTestIssuer,
  type Person,
  signInStaff,
  signUpPerson,
  type TestIssuer,
  type TestPlane,
} from "@kombify/api/testing";
import { createLogger, createShell, type Listener, listen } from "@kombify/server";
import { type JWTPayload, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Edge, hasEdge, startEdge } from "./start-edge.ts";

const log = createLogger({ name: "attacks", level: "silent" });
let plane: TestPlane;
let issuer: TestIssuer;
let edge: Edge | null = null;
let ann: Person;
let bob: Person;
const listeners: Listener[] = [];
const isEdgeHere = await hasEdge();

type Headers = Record<string, string | string[]>;
type Call = (path: string, options?: { method?: string; headers?: Headers; body?: string }) => Promise<Answer>;
type Answer = { status: number; body: string };
/** The ways in. A way that refuses the connection itself answers 0. */
const ways: Record<string, Call> = {};

function caller(url: string, more: { host?: string; tls?: object } = {}): Call {
  return async (path, { method = "GET", headers = {}, body } = {}) => {
    const send = url.startsWith("https:") ? secureRequest : insecureRequest;
    const typed = body === undefined ? {} : { "content-type": "application/json" };
    const sent = send(`${url}${path}`, {
      method,
      ...more.tls,
      headers: { ...(more.host ? { host: more.host } : {}), ...typed, ...headers },
    });
    sent.end(body);
    try {
      const [answer] = await once(sent, "response");
      return { status: answer.statusCode, body: await text(answer) };
    } catch {
      return { status: 0, body: "" };
    }
  };
}

function shellFor(isGateway: boolean) {
  const { app } = createShell({
    ...{ name: "cloud", version: "0", log, checks: {}, exposeMetrics: false },
    trustedProxies: isGateway ? 1 : 0,
  });
  if (isGateway) app.use(onlyGateway(plane.cloud));
  app.all("*", async (c) => (await plane.cloud.handle(c.req.raw, requestInfoOf(c))) ?? c.notFound());
  return app;
}

beforeAll(async () => {
  issuer = await openTestIssuer();
  plane = await createTestPlane({ oidcProviders: [issuer.provider] });
  await joinHost(plane, await signInStaff(plane), "host", 100);
  ann = await signUpPerson(plane, "ann");
  bob = await signUpPerson(plane, "bob");
  for (const [person, subject] of [
    [ann, "sub-ann"],
    [bob, "sub-bob"],
  ] as const)
    await linkAccount(plane, person, issuer.provider.issuer, subject);

  const open = await listen({ fetch: shellFor(false).fetch, port: 0 });
  const gateway = await openGatewayListener(shellFor(true), plane.cloud, { port: 0 });
  listeners.push(open, gateway);
  const { key, cert, ca } = await gatewayIdentity();
  ways.directly = caller(open.url);
  ways["at the gateway's listener, without its certificate"] = caller(gateway.url, { tls: { ca } });
  if (!isEdgeHere) return;
  edge = await startEdge({
    upstreams: { cloud: gateway.url, admin: gateway.url },
    issuers: [
      {
        issuer: issuer.provider.issuer,
        jwksUri: `${issuer.provider.issuer}/oauth/v2/keys`,
        audiences: ["kombify-client", "kombify-project"],
      },
    ],
    tls: { key, cert, ca },
  });
  ways["through the edge"] = caller(edge.url, { host: edge.hosts.api });
}, 60_000);
afterAll(async () => {
  await edge?.stop();
  await Promise.all(listeners.map((listener) => listener.close()));
  await issuer.close();
  await plane.close();
});

async function gatewayIdentity() {
  const { key, cert, ca } = await issueGatewayCertificate(plane.admin.asSystem("test"));
  return { key, cert, ca: ca.join("\n") };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const nameOf = ({ body }: Answer): string | undefined => (JSON.parse(body) as { user?: { email: string } }).user?.email;

/** Everything that the gateway says of a person, saying that it is Ann, in spellings that some server folds together. */
const claims = (): Record<string, Headers> => {
  const plain = {
    "x-user-id": "sub-ann",
    "x-user-issuer": issuer.provider.issuer,
    "x-org-id": "org-ann",
    "x-user-email": ann.email,
    "x-user-name": "Ann",
    "x-tenant-id": ann.tenant.id,
    "x-plan": "business",
    "x-user-role": "owner",
  };
  const renamed = (rename: (name: string) => string): Headers =>
    Object.fromEntries(Object.entries(plain).map(([name, value]) => [rename(name), value]));
  return {
    plain,
    "in capitals": renamed((name) => name.toUpperCase()),
    "with underscores": renamed((name) => name.replaceAll("-", "_")),
    mixed: renamed((name) => name.replace("-", "_").toUpperCase()),
    twice: Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, [value, value]])),
    "as our own issuer's": { ...plain, "x-user-issuer": "urn:kombify:cloud", "x-user-id": ann.id },
    "as a forwarded certificate": {
      ...plain,
      "x-forwarded-client-cert": "Hash=00;URI=spiffe://kombify/service/gateway",
    },
  };
};

describe.skipIf(!isEdgeHere)("identity headers that a client sends", () => {
  const spellings = [
    "plain",
    "in capitals",
    "with underscores",
    "mixed",
    "twice",
    "as our own issuer's",
    "as a forwarded certificate",
  ];

  it.each(spellings)("%s are nobody's credentials, whichever way they come", async (spelling) => {
    const headers = claims()[spelling]!;
    for (const [way, call] of Object.entries(ways)) {
      const answers = await Promise.all(
        ["/v1/portal/me", "/v1/stacks", `/api/tenant/${ann.tenant.slug}`].map((path) => call(path, { headers })),
      );
      for (const { status, body } of answers) {
        expect([0, 401, 403, 404], `${way}: ${body}`).toContain(status);
        expect(body).not.toContain(ann.email);
      }
    }
  });

  it.each(spellings)("%s beside one's own good token change nothing of who one is", async (spelling) => {
    const { "x-tenant-id": _, ...headers } = claims()[spelling]!;
    const token = await issuer.issue({ sub: "sub-bob" });
    for (const way of ["directly", "through the edge"]) {
      const answer = await ways[way]!("/v1/portal/me", { headers: { ...headers, ...bearer(token) } });
      expect(answer.status, way).toBe(200);
      expect(nameOf(answer), way).toBe(bob.email);
    }
  });

  it("a good token through the edge is its own person's, which proves that the way is open", async () => {
    const answer = await ways["through the edge"]!("/v1/portal/me", {
      headers: bearer(await issuer.issue({ sub: "sub-ann" })),
    });
    expect(nameOf(answer)).toBe(ann.email);
  });
});

/** Tokens that say they are Ann's, by what is wrong with them. */
const forgeries = (): Record<string, () => Promise<string>> => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const good: JWTPayload = {
    sub: "sub-ann",
    iss: issuer.provider.issuer,
    aud: ["kombify-client", "kombify-project"],
    jti: randomUUID(),
    iat: now,
    nbf: now,
    exp: now + 900,
  };
  const publicKey = JSON.stringify(issuer.publicKey());
  const byHand = async (header: object, sign: (input: string) => string) => {
    const input = `${part(header)}.${part(good)}`;
    return `${input}.${sign(input)}`;
  };
  return {
    "alg: none": () => byHand({ alg: "none", typ: "JWT" }, () => ""),
    "alg: None, with the signature of another": async () =>
      byHand({ alg: "None", kid: issuer.publicKey().kid }, () => "c2lnbmVk"),
    "the public key as a shared secret": () =>
      byHand({ alg: "HS256", kid: issuer.publicKey().kid }, (input) =>
        createHmac("sha256", publicKey).update(input).digest("base64url"),
      ),
    "a key of one's own under the issuer's kid": async () => {
      const own = await openTestIssuer();
      const token = await own.issue(good, { kid: issuer.publicKey().kid ?? "" });
      await own.close();
      return token;
    },
    "a key that it brings along": async () => {
      const own = await openTestIssuer();
      const forged = await new SignJWT(good)
        .setProtectedHeader({
          alg: "HS256",
          jwk: own.publicKey() as never,
          jku: `${own.provider.issuer}/oauth/v2/keys`,
        })
        .sign(new TextEncoder().encode(JSON.stringify(own.publicKey())));
      await own.close();
      return forged;
    },
    "another audience": () => issuer.issue({ ...good, aud: ["another-product"] }),
    "no audience": () => issuer.issue({ ...good, aud: undefined as never }),
    "another issuer": () => issuer.issue({ ...good, iss: "https://idp.example" }),
    "an end that has passed": () => issuer.issue({ ...good, iat: now - 7200, nbf: now - 7200, exp: now - 3600 }),
    "a beginning that has not come": () => issuer.issue({ ...good, nbf: now + 3600 }),
    "no end": () => issuer.issue({ ...good, exp: undefined as never }),
    "a changed payload": async () => {
      const [header, , signature] = (await issuer.issue({ ...good, sub: "sub-bob" })).split(".");
      return `${header}.${part(good)}.${signature}`;
    },
    "nothing of a token": async () => "ann",
    "an invented personal token": async () => `kpat_${"A".repeat(43)}`,
  };
};

describe.skipIf(!isEdgeHere)("a forged token", () => {
  const kinds = [
    "alg: none",
    "alg: None, with the signature of another",
    "the public key as a shared secret",
    "a key of one's own under the issuer's kid",
    "a key that it brings along",
    "another audience",
    "no audience",
    "another issuer",
    "an end that has passed",
    "a beginning that has not come",
    "no end",
    "a changed payload",
    "nothing of a token",
    "an invented personal token",
  ];

  it("is tried in every way that is listed", () => expect(kinds).toEqual(Object.keys(forgeries())));

  it.each(kinds)("with %s is refused with 401, also beside a good cookie", async (kind) => {
    const token = await forgeries()[kind]!();
    for (const way of ["directly", "through the edge"])
      for (const cookie of ["", bob.cookie])
        for (const path of ["/v1/portal/me", "/v1/stacks", `/api/tenant/${ann.tenant.slug}`]) {
          const answer = await ways[way]!(path, { headers: { ...bearer(token), ...(cookie ? { cookie } : {}) } });
          expect(answer.status, `${way} ${path}: ${answer.body}`).toBe(401);
        }
  });
});

describe.skipIf(!isEdgeHere)("another tenant's ids", () => {
  const fill = (path: string): string =>
    path.replace(/\{(\w+)\}/g, (_, name: string) =>
      name === "slug" ? ann.tenant.slug : name === "userId" ? ann.id : randomUUID(),
    );
  const ofTenants = REST_ROUTES.filter(({ path }) => path.includes("{slug}"));

  it.each(ofTenants.map(({ method, path }) => ({ method, path })))(
    "$method $path is not found for somebody else, by cookie and by token, directly and through the edge",
    async ({ method, path }) => {
      const token = await issuer.issue({ sub: "sub-bob" });
      const body = method === "GET" || method === "DELETE" ? {} : { body: "{}" };
      for (const way of ["directly", "through the edge"]) {
        const byCookie = await ways[way]!(fill(path), { method, ...body, headers: { cookie: bob.cookie } });
        expect(byCookie.status, `${way}: ${byCookie.body}`).toBe(404);
        const byToken = await ways[way]!(fill(path), { method, ...body, headers: bearer(token) });
        // What no token may do is said of the token; whose homelab it is, is not said.
        expect([403, 404], `${way}: ${byToken.body}`).toContain(byToken.status);
        expect(byToken.body).not.toContain(ann.tenant.id);
      }
    },
  );

  it.each(["/v1/stacks", "/v1/nodes", "/v1/jobs"])("%s with a foreign X-Tenant-ID is not found", async (path) => {
    const token = await issuer.issue({ sub: "sub-bob" });
    for (const way of ["directly", "through the edge"])
      for (const selector of [ann.tenant.id, ann.tenant.slug])
        for (const credentials of [{ cookie: bob.cookie }, bearer(token)]) {
          const answer = await ways[way]!(path, { headers: { ...credentials, "x-tenant-id": selector } });
          expect(answer.status, `${way}: ${answer.body}`).toBe(404);
        }
  });

  it("staff's routes are nothing on Cloud, for customers and for anybody", async () => {
    for (const { method, path } of REST_ROUTES.filter((route) => route.audiences.includes("admin")))
      for (const credentials of [{}, { cookie: bob.cookie }, bearer(await issuer.issue({ sub: "sub-bob" }))]) {
        if (
          REST_ROUTES.some(
            (route) => route.path === path && route.method === method && route.audiences.includes("cloud"),
          )
        )
          continue;
        const answer = await ways.directly!(fill(path), { method, headers: credentials as Headers });
        expect([404, 405], `${method} ${path}: ${answer.body}`).toContain(answer.status);
      }
  });
});
