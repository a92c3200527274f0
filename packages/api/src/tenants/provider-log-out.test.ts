import { randomUUID } from "node:crypto";
import { describePerson, type ProviderPerson } from "@kombify/embedded-idp";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { OidcProvider } from "../identity/oidc-providers.ts";
import { createOidcStage, type OidcStage, type Visitor } from "../oidc-testing.ts";
import { callAs, signUpPerson } from "../testing.ts";

/** A second provider, whose logout tokens the tests make themselves. */
const SCRIPTED: OidcProvider = {
  id: "scripted",
  name: "Scripted",
  issuer: "https://login.scripted.example",
  clientId: "scripted-client",
  audiences: [],
};
let key: Awaited<ReturnType<typeof generateKeyPair>>["privateKey"];
const network = setupServer();
let stage: OidcStage;
let nora: ProviderPerson;

beforeAll(async () => {
  nora = describePerson("Nora Berg", "Berghaus", "owner");
  stage = await createOidcStage([nora], { more: [SCRIPTED] });
  const pair = await generateKeyPair("RS256", { extractable: true });
  key = pair.privateKey;
  const jwk = { ...(await exportJWK(pair.publicKey)), kid: "k1", alg: "RS256" };
  const { issuer } = SCRIPTED;
  network.use(
    http.get(`${issuer}/.well-known/openid-configuration`, () =>
      HttpResponse.json({
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/keys`,
      }),
    ),
    http.get(`${issuer}/keys`, () => HttpResponse.json({ keys: [jwk] })),
  );
  network.listen({ onUnhandledFrame: "bypass" });
});
afterAll(async () => {
  network.close();
  await stage.close();
});

const sql = () => stage.plane.database.owner;
const cookieOf = ({ browser }: Visitor) => ({ cookie: `kombify_cloud=${browser.cookies.get("kombify_cloud")}` });
const apiOf = (visitor: Visitor) => callAs(stage.plane.cloud, cookieOf(visitor)).api;
const isSignedIn = (visitor: Visitor) =>
  apiOf(visitor)
    .identity.me()
    .then(
      () => true,
      () => false,
    );

/** What a person does on the provider's own log-out page. */
async function signOutAtProvider({ browser }: Visitor): Promise<void> {
  const page = await (await browser.send(`${stage.idp.issuer}/oidc/v1/end_session`)).text();
  const [, xsrf = ""] = /name="xsrf" value="([^"]+)"/.exec(page) ?? [];
  const answer = await browser.send(`${stage.idp.issuer}/oidc/v1/end_session/confirm`, { xsrf, logout: "yes" });
  expect(answer.status).toBe(303);
}

describe("signing out at the provider", () => {
  it("ends the session here in every process, what was launched from it, and access tokens of before", async () => {
    const [laptop, phone] = [stage.visit(), stage.visit()];
    await laptop.signIn(nora);
    await phone.signIn(nora);
    const { user } = await apiOf(laptop).identity.me();
    const elsewhere = await stage.plane.openCloud();
    const seen = () => callAs(elsewhere, cookieOf(laptop)).api.identity.me();
    await seen();
    await signOutAtProvider(laptop);
    // Well before the five seconds for which a process would have remembered it.
    const within = { timeout: 2_000, interval: 20 };
    await vi.waitFor(async () => expect(await isSignedIn(laptop)).toBe(false), within);
    await vi.waitFor(() => expect(seen()).rejects.toMatchObject({ status: 401 }), within);
    expect(await isSignedIn(phone)).toBe(true);
    const endings = await sql()`select session_id from session_endings where user_id = ${user.id}`;
    expect(endings).toEqual([{ session_id: expect.any(String) }]);
    const denials =
      await sql()`select kind, value from token_denials where issuer = ${stage.idp.issuer} and kind <> 'jti' order by kind`;
    expect(denials).toEqual([
      { kind: "sid", value: expect.any(String) },
      { kind: "sub", value: nora.subject },
    ]);
    await elsewhere.close();
  });
});

describe("signing out here", () => {
  it("leads on to the provider, which ends its own session and sends the browser back", async () => {
    const visitor = stage.visit();
    await visitor.signIn(nora);
    const { continueAt } = await apiOf(visitor).identity.logout();
    expect(await isSignedIn(visitor)).toBe(false);
    const { searchParams, origin, pathname } = new URL(continueAt ?? "");
    expect(origin + pathname).toBe(`${stage.idp.issuer}/oidc/v1/end_session`);
    expect(searchParams.get("post_logout_redirect_uri")).toBe(`${stage.cloudUrl}/`);
    const page = await (await visitor.browser.send(continueAt ?? "")).text();
    // With the ID token the provider does not ask again.
    expect(page).toContain("f.submit()");
    const [, xsrf = ""] = /name="xsrf" value="([^"]+)"/.exec(page) ?? [];
    const done = await visitor.browser.send(`${stage.idp.issuer}/oidc/v1/end_session/confirm`, { xsrf, logout: "yes" });
    expect(done.headers.get("location")).toBe(`${stage.cloudUrl}/`);
    // The provider has forgotten: it asks who it is before it sends anybody back.
    await expect(visitor.signIn(describePerson("Nobody", "Nowhere"))).rejects.toThrow("without sending the browser");
  });

  it("of a session that began with a password leads nowhere else", async () => {
    const ann = await signUpPerson(stage.plane, "ann");
    expect((await ann.api.identity.logout()).continueAt).toBeNull();
  });

  it("ends the session although the provider is away", async () => {
    const ann = await signUpPerson(stage.plane, "away");
    await sql()`update sessions set idp_issuer = 'https://gone.example', sealed_id_token = 'v1.a.b.c' where user_id = ${ann.id}`;
    expect((await ann.api.identity.logout()).continueAt).toBeNull();
    await expect(ann.api.identity.me()).rejects.toMatchObject({ status: 401 });
  });
});

describe("POST /api/auth/oidc/backchannel-logout", () => {
  let ann: Awaited<ReturnType<typeof signUpPerson>>;
  const subject = () => `subject-${ann.id}`;
  beforeEach(async () => {
    ann = await signUpPerson(stage.plane, "ann");
    await sql()`insert into oidc_identities (issuer, subject, user_id) values (${SCRIPTED.issuer}, ${subject()}, ${ann.id})`;
    await sql()`update sessions set idp_issuer = ${SCRIPTED.issuer}, idp_sid = ${`sid-${ann.id}`} where user_id = ${ann.id}`;
  });
  const tokenOf = (more: Record<string, unknown> = {}) =>
    new SignJWT({
      sub: subject(),
      jti: randomUUID(),
      events: { "http://schemas.openid.net/event/backchannel-logout": {} },
      ...more,
    })
      .setProtectedHeader({ alg: "RS256", kid: "k1", typ: "logout+jwt" })
      .setIssuer(SCRIPTED.issuer)
      .setAudience(SCRIPTED.clientId)
      .setIssuedAt()
      .setExpirationTime("15m")
      .sign(key);
  const post = (form: Record<string, string>, headers: Record<string, string> = {}) =>
    fetch(`${stage.cloudUrl}/api/auth/oidc/backchannel-logout`, {
      method: "POST",
      body: new URLSearchParams(form),
      headers,
    });
  const isAnnIn = () =>
    ann.api.identity.me().then(
      () => true,
      () => false,
    );
  const expectAnnOut = () => expect.poll(isAnnIn, { timeout: 2_000, interval: 20 }).toBe(false);

  it("with a person alone ends all of the person's sessions from that provider, and no other", async () => {
    const { api, responseHeaders } = callAs(stage.plane.cloud);
    await api.identity.login({ email: ann.email, password: "correct horse battery" });
    const answer = await post({ logout_token: await tokenOf() });
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "no-store"]);
    await expectAnnOut();
    const own = callAs(stage.plane.cloud, { cookie: (responseHeaders.get("set-cookie") ?? "").split(";")[0] ?? "" });
    expect((await own.api.identity.me()).user.id).toBe(ann.id);
  });

  it("with a session alone ends that one; with one that nobody knows it ends nothing and says 200", async () => {
    const unknown = await post({ logout_token: await tokenOf({ sub: undefined, sid: "nobody-knows" }) });
    expect(unknown.status).toBe(200);
    expect(await isAnnIn()).toBe(true);
    expect((await post({ logout_token: await tokenOf({ sub: undefined, sid: `sid-${ann.id}` }) })).status).toBe(200);
    await expectAnnOut();
  });

  it("with a session and a person who do not belong together ends nothing", async () => {
    await post({ logout_token: await tokenOf({ sub: "somebody-else", sid: `sid-${ann.id}` }) });
    expect(await isAnnIn()).toBe(true);
  });

  it("a token that came before is refused, also when both arrive at once", async () => {
    const token = await tokenOf({ sub: "nobody" });
    const answers = await Promise.all(Array.from({ length: 5 }, () => post({ logout_token: token })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400, 400]);
    const refused = answers.find(({ status }) => status === 400);
    expect(refused?.headers.get("cache-control")).toBe("no-store");
    expect(await refused?.json()).toMatchObject({ error: "invalid_request" });
  });

  it.each([
    ["no token", {}],
    ["a token that is none", { logout_token: "a.b.c" }],
    ["several words", { logout_token: "ey ey ey" }],
  ])("%s is refused with 400 and changes nothing", async (_name, form) => {
    expect((await post(form)).status).toBe(400);
    expect(await isAnnIn()).toBe(true);
  });

  it("a token with a nonce is refused and ends nothing", async () => {
    const answer = await post({ logout_token: await tokenOf({ nonce: "n" }) });
    expect(answer.status).toBe(400);
    expect(await isAnnIn()).toBe(true);
  });

  it("takes forms alone, and only by POST", async () => {
    const json = await fetch(`${stage.cloudUrl}/api/auth/oidc/backchannel-logout`, {
      method: "POST",
      body: JSON.stringify({ logout_token: await tokenOf() }),
      headers: { "content-type": "application/json" },
    });
    expect(json.status).toBe(400);
    expect((await fetch(`${stage.cloudUrl}/api/auth/oidc/backchannel-logout`)).status).toBe(405);
  });
});
