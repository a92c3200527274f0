/** A provider that lies, breaks and rotates its keys, faked at the network. */
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT, UnsecuredJWT } from "jose";
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { createOidcClients, type OidcClients, type SignInChecks } from "./oidc.ts";
import type { OidcProvider } from "./oidc-providers.ts";

const ISSUER = "https://login.hostile.example";
const provider: OidcProvider = {
  id: "zitadel",
  name: "Zitadel",
  issuer: ISSUER,
  clientId: "cloud@kombify",
  clientSecret: "the-secret",
  projectId: "pid",
  audiences: [],
};
const metadata = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/oauth/v2/authorize`,
  token_endpoint: `${ISSUER}/oauth/v2/token`,
  jwks_uri: `${ISSUER}/oauth/v2/keys`,
  userinfo_endpoint: `${ISSUER}/oidc/v1/userinfo`,
  end_session_endpoint: `${ISSUER}/oidc/v1/end_session`,
  // As a careless provider says it, so that refusing the last two is our own doing.
  id_token_signing_alg_values_supported: ["RS256", "ES256", "EdDSA", "HS256", "none"],
  authorization_response_iss_parameter_supported: true,
};

type Key = { kid: string; privateKey: Awaited<ReturnType<typeof generateKeyPair>>["privateKey"]; publicJwk: JWK };
async function newKey(alg = "RS256"): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg);
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  return { kid, privateKey, publicJwk: { ...jwk, kid, alg, use: "sig" } };
}

const server = setupServer();
const asked = { discovery: 0, keys: 0 };
let key: Key;
let published: JWK[];
let clients: OidcClients;
let discovery: () => Response;
let tokenAnswer: () => Promise<Response>;
let userinfo: () => Response;
let checks: SignInChecks;

beforeAll(() => server.listen({ onUnhandledFrame: "error" }));
afterAll(() => server.close());
afterEach(() => server.resetHandlers());
beforeEach(async () => {
  key = await newKey();
  published = [key.publicJwk];
  Object.assign(asked, { discovery: 0, keys: 0 });
  discovery = () => HttpResponse.json(metadata);
  userinfo = () => HttpResponse.json({ sub: "ann", email: "Ann@Example.com", email_verified: true });
  server.use(
    http.get(`${ISSUER}/.well-known/openid-configuration`, () => {
      asked.discovery++;
      return discovery();
    }),
    http.get(metadata.jwks_uri, () => {
      asked.keys++;
      return HttpResponse.json({ keys: published });
    }),
    http.post(metadata.token_endpoint, () => tokenAnswer()),
    http.get(metadata.userinfo_endpoint, () => userinfo()),
  );
  clients = createOidcClients([provider], "https://cloud.example");
  checks = (await clients.begin(provider)).checks;
  tokenAnswer = () => tokensWith();
});

const goodClaims = () => ({
  iss: ISSUER,
  sub: "ann",
  aud: [provider.clientId, "pid"],
  azp: provider.clientId,
  nonce: checks.nonce,
  iat: Math.floor(Date.now() / 1000),
  exp: Math.floor(Date.now() / 1000) + 300,
  sid: "provider-session",
  "urn:zitadel:iam:user:resourceowner:id": "org-1",
  "urn:zitadel:iam:user:resourceowner:name": "Org",
  "urn:zitadel:iam:org:project:pid:roles": { admin: { "org-1": "a", "org-2": "b" }, owner: { "org-2": "b" } },
});
type Claims = Record<string, unknown>;
const sign = (claims: Claims, by: Key = key, header: Record<string, unknown> = {}) =>
  new SignJWT(claims).setProtectedHeader({ alg: by.publicJwk.alg ?? "", kid: by.kid, ...header }).sign(by.privateKey);
const answer = (idToken: string) =>
  HttpResponse.json({ access_token: "opaque", token_type: "Bearer", expires_in: 300, id_token: idToken });
const tokensWith = async (claims: Claims = {}, by: Key = key) => answer(await sign({ ...goodClaims(), ...claims }, by));

const comeBack = (more: Record<string, string> = {}) => {
  const query = new URLSearchParams({ code: "the-code", state: checks.state, iss: ISSUER, ...more });
  return clients.complete(provider, new URL(`https://cloud.example/api/auth/oidc/callback?${query}`), checks);
};
const reasonOf = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown as { reason: string; message: string },
  );
  if (error) expect(error.message).not.toMatch(/the-code|the-secret|opaque/);
  return error?.reason ?? null;
};

it("an honest answer is believed: the verified address, the owning organisation, the highest role there", async () => {
  expect(await comeBack()).toMatchObject({
    subject: "ann",
    email: "ann@example.com",
    organisation: { id: "org-1", name: "Org" },
    role: "admin",
    sid: "provider-session",
  });
});

describe("an ID token is refused", () => {
  it("that nobody signed (alg none)", async () => {
    tokenAnswer = async () => answer(new UnsecuredJWT(goodClaims()).encode());
    expect(await reasonOf(comeBack())).toBe("not-trusted");
  });
  it("that was signed with the published key as if it were a secret (key confusion)", async () => {
    const secret = new TextEncoder().encode(JSON.stringify(key.publicJwk));
    const token = await new SignJWT(goodClaims()).setProtectedHeader({ alg: "HS256", kid: key.kid }).sign(secret);
    tokenAnswer = async () => answer(token);
    expect(await reasonOf(comeBack())).toBe("not-trusted");
  });
  it("that was signed with the client secret", async () => {
    const secret = new TextEncoder().encode(provider.clientSecret);
    const token = await new SignJWT(goodClaims()).setProtectedHeader({ alg: "HS256" }).sign(secret);
    tokenAnswer = async () => answer(token);
    expect(await reasonOf(comeBack())).toBe("not-trusted");
  });
  it("that another key signed under the name of ours", async () => {
    const other = await newKey();
    tokenAnswer = () => tokensWith({}, { ...other, kid: key.kid });
    expect(await reasonOf(comeBack())).toBe("not-trusted");
  });
  it("that brings its own key along", async () => {
    const other = await newKey();
    tokenAnswer = async () =>
      answer(
        await sign(goodClaims(), other, { kid: "unknown", jwk: other.publicJwk, jku: "https://evil.example/keys" }),
      );
    expect(await reasonOf(comeBack())).toBe("not-trusted");
  });
  it.each([
    ["of another issuer", { iss: "https://login.other.example" }],
    ["for somebody else", { aud: "another-client", azp: "another-client" }],
    ["for several without saying for whom", { aud: ["other", "cloud@kombify"], azp: "other" }],
    ["with another nonce", { nonce: "another" }],
    ["without a nonce", { nonce: undefined }],
    ["that has expired", { iat: 1, exp: 1_000 }],
    ["that never expires", { exp: undefined }],
    ["without a subject", { sub: undefined }],
    ["without an owning organisation", { "urn:zitadel:iam:user:resourceowner:id": undefined }],
    ["with an organisation that is no text", { "urn:zitadel:iam:user:resourceowner:id": ["org-1"] }],
    ["with an organisation longer than any", { "urn:zitadel:iam:user:resourceowner:id": "x".repeat(201) }],
  ])("%s", async (_name, claims: Claims) => {
    tokenAnswer = () => tokensWith(claims);
    expect(await reasonOf(comeBack())).toBe("not-trusted");
  });
  it("whose userinfo is about somebody else", async () => {
    userinfo = () => HttpResponse.json({ sub: "bob", email: "bob@example.com", email_verified: true });
    expect(await reasonOf(comeBack())).toBe("not-trusted");
  });
  it("but not when clocks differ by some seconds", async () => {
    const now = Math.floor(Date.now() / 1000);
    tokenAnswer = () => tokensWith({ iat: now + 10, exp: now - 10 });
    expect(await reasonOf(comeBack())).toBeNull();
  });
});

describe("an answer in the address is refused", () => {
  it("with another state, or from another issuer (mix-up, RFC 9207)", async () => {
    expect(await reasonOf(comeBack({ state: "another" }))).toBe("not-trusted");
    expect(await reasonOf(comeBack({ iss: "https://login.other.example" }))).toBe("not-trusted");
  });
  it("that says no, and what it says is not repeated", async () => {
    expect(await reasonOf(comeBack({ error: "access_denied" }))).toBe("cancelled");
    const error = await comeBack({ error: "<script>alert(1)</script>" }).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ reason: "provider-refused", message: expect.not.stringContaining("script") });
  });
});

describe("claims of a provider", () => {
  it.each([true, 1, "true", undefined])(
    "an address counts with email_verified as a plain true alone: %j",
    async (value) => {
      userinfo = () => HttpResponse.json({ sub: "ann", email: "ann@example.com", email_verified: value });
      expect((await comeBack()).email).toBe(value === true ? "ann@example.com" : null);
    },
  );
  it.each([
    ["no roles at all", undefined],
    ["roles elsewhere alone", { owner: { "org-2": "b" } }],
    ["roles that are no object", "owner"],
    ["a role that nobody here knows", { superuser: { "org-1": "a" } }],
    ["an inherited name for an organisation", { owner: {} }],
  ])("%s are no role", async (_name, roles) => {
    const id = _name.startsWith("an inherited") ? "constructor" : "org-1";
    tokenAnswer = () =>
      tokensWith({
        "urn:zitadel:iam:user:resourceowner:id": id,
        "urn:zitadel:iam:org:project:pid:roles": roles,
        // Echoes of what the browser asked for.
        "urn:zitadel:iam:org:id": "org-2",
      });
    expect(await comeBack()).toMatchObject({ role: null, organisation: { id } });
  });
});

describe("a provider that rotates its keys", () => {
  it("between two sign-ins turns nobody away", async () => {
    expect(await reasonOf(comeBack())).toBeNull();
    const next = await newKey("ES256");
    published = [key.publicJwk, next.publicJwk];
    tokenAnswer = () => tokensWith({}, next);
    checks = (await clients.begin(provider)).checks;
    expect(await reasonOf(comeBack())).toBeNull();
  });
  it("while somebody is away signing in turns them away neither", async () => {
    const next = await newKey();
    published = [next.publicJwk];
    tokenAnswer = () => tokensWith({}, next);
    expect(await reasonOf(comeBack())).toBeNull();
  });
  it("its discovery document is asked for once, also by many at a time", async () => {
    await Promise.all(Array.from({ length: 20 }, () => clients.begin(provider)));
    expect(asked.discovery).toBe(1);
  });
});

describe("a provider that does not work", () => {
  it.each([429, 500, 503])("answers %i at its token address: away, not untrusted", async (status) => {
    tokenAnswer = async () => new HttpResponse("<html>", { status });
    expect(await reasonOf(comeBack())).toBe("provider-away");
  });
  it("breaks the connection", async () => {
    tokenAnswer = async () => HttpResponse.error();
    expect(await reasonOf(comeBack())).toBe("provider-away");
  });
  it("knows the code no more, or does not know us", async () => {
    tokenAnswer = async () => HttpResponse.json({ error: "invalid_grant" }, { status: 400 });
    expect(await reasonOf(comeBack())).toBe("expired");
    tokenAnswer = async () => HttpResponse.json({ error: "invalid_client" }, { status: 401 });
    expect(await reasonOf(comeBack())).toBe("misconfigured");
  });
  it.each([
    ["is down", () => HttpResponse.error()],
    ["answers with a page", () => HttpResponse.html("<h1>Hello</h1>")],
    ["describes another issuer", () => HttpResponse.json({ ...metadata, issuer: "https://login.other.example" })],
  ])("%s when it is to be discovered: nobody leaves for it", async (_name, response) => {
    discovery = response;
    const fresh = createOidcClients([provider], "https://cloud.example");
    expect(await reasonOf(fresh.begin(provider))).toBe("provider-away");
    discovery = () => HttpResponse.json(metadata);
    expect(await reasonOf(fresh.begin(provider))).toBeNull();
  });
  it("is down when its metadata are old: those of before still serve", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 11 * 60_000 });
    try {
      discovery = () => HttpResponse.error();
      expect(await reasonOf(clients.begin(provider))).toBeNull();
      expect(asked.discovery).toBe(2);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("a logout token", () => {
  const EVENTS = { "http://schemas.openid.net/event/backchannel-logout": {} };
  const claims = (more: Claims = {}): Claims => ({
    iss: ISSUER,
    aud: provider.clientId,
    sub: "ann",
    sid: "s1",
    jti: randomUUID(),
    iat: Math.floor(Date.now() / 1000),
    exp: Math.floor(Date.now() / 1000) + 900,
    events: EVENTS,
    ...more,
  });

  it("of the provider is taken, with a key that was not known before too", async () => {
    expect(await clients.verifyLogoutToken(await sign(claims()))).toMatchObject({
      issuer: ISSUER,
      subject: "ann",
      sid: "s1",
    });
    expect(
      await clients.verifyLogoutToken(await sign(claims({ sid: undefined }), key, { typ: "logout+jwt" })),
    ).toMatchObject({
      sid: null,
    });
  });
  it.each([
    ["with a nonce, as an ID token has", { nonce: "n" }],
    ["without the event", { events: {} }],
    ["with another event", { events: { "https://example.com/event": {} } }],
    ["with an event that is no object", { events: { "http://schemas.openid.net/event/backchannel-logout": true } }],
    ["that names neither person nor session", { sub: undefined, sid: undefined }],
    ["without an id", { jti: undefined }],
    ["of another issuer", { iss: "https://login.other.example" }],
    ["for another client", { aud: "another" }],
    ["that has expired", { exp: 1_000 }],
    ["that does not expire", { exp: undefined }],
    ["from the future", { iat: Math.floor(Date.now() / 1000) + 600 }],
    ["that somebody kept for an hour", { iat: Math.floor(Date.now() / 1000) - 3600 }],
  ])("%s is refused", async (_name, more) => {
    await expect(clients.verifyLogoutToken(await sign(claims(more)))).rejects.toMatchObject({ code: "INVALID" });
  });
  it("without a signature, signed with the published key as a secret, by a stranger, or of another kind is refused", async () => {
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const pem = publicKey.export({ type: "spki", format: "pem" }) as string;
    const confused = new SignJWT(claims())
      .setProtectedHeader({ alg: "HS256", kid: key.kid })
      .sign(new TextEncoder().encode(pem));
    const tokens = [
      new UnsecuredJWT(claims()).encode(),
      await confused,
      await sign(claims(), { ...(await newKey()), kid: key.kid }),
      await sign(claims(), key, { typ: "at+jwt" }),
      "not-a-token",
    ];
    for (const token of tokens)
      await expect(clients.verifyLogoutToken(token)).rejects.toMatchObject({ code: "INVALID", status: 400 });
  });
});
