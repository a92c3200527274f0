import { createRemoteJWKSet, decodeJwt, jwtVerify } from "jose";
import * as client from "openid-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describePerson } from "./people.ts";
import { generateProviderSecrets } from "./secrets.ts";
import { type IdentityProvider, startIdentityProvider } from "./start-identity-provider.ts";
import { openBrowser } from "./testing.ts";

const CALLBACK = "http://localhost:9/callback";
const nora = describePerson("Nora", "Berghaus", "owner");
const theo = describePerson("Theo", "Parkside", "member");
// Somebody who works in another organisation than their own.
nora.roles.admin = { [theo.organisation.id]: theo.organisation.domain };
const SCOPES = [
  "openid profile email urn:zitadel:iam:user:resourceowner urn:zitadel:iam:org:projects:roles",
  "urn:zitadel:iam:org:project:id:pid:aud",
].join(" ");

let idp: IdentityProvider;
let config: client.Configuration;

beforeAll(async () => {
  const { clientSecret, ...keys } = await generateProviderSecrets();
  idp = await startIdentityProvider({
    port: 0,
    ...keys,
    projectId: "pid",
    people: [nora, theo],
    clients: [
      {
        id: "cloud",
        secret: clientSecret,
        redirectUris: [CALLBACK],
        postLogoutRedirectUris: [],
        backchannelLogoutUri: "http://localhost:9/logout",
      },
    ],
  });
  const options = { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] };
  config = await client.discovery(new URL(idp.issuer), "cloud", clientSecret, undefined, options);
});
afterAll(() => idp.close());

async function begin(scope = SCOPES) {
  const verifier = client.randomPKCECodeVerifier();
  const address = client.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    scope,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state: "state",
    nonce: "nonce",
  });
  return { verifier, address: address.href };
}

async function signIn(person: string, scope?: string) {
  const { verifier, address } = await begin(scope);
  const back = await openBrowser(idp.issuer).signIn(address, { person });
  const checks = { pkceCodeVerifier: verifier, expectedState: "state", expectedNonce: "nonce" };
  return client.authorizationCodeGrant(config, new URL(back), checks);
}

describe("a certified client", () => {
  it("finds Zitadel's addresses and signs somebody in with all that Zitadel says of them", async () => {
    const { jwks_uri, userinfo_endpoint, end_session_endpoint } = config.serverMetadata();
    expect([jwks_uri, userinfo_endpoint, end_session_endpoint]).toEqual(
      ["/oauth/v2/keys", "/oidc/v1/userinfo", "/oidc/v1/end_session"].map((path) => idp.issuer + path),
    );
    const tokens = await signIn(nora.subject);
    expect(tokens.claims()).toMatchObject({
      sub: nora.subject,
      email: nora.email,
      email_verified: true,
      "urn:zitadel:iam:user:resourceowner:id": nora.organisation.id,
      "urn:zitadel:iam:org:project:pid:roles": {
        owner: { [nora.organisation.id]: nora.organisation.domain },
        admin: { [theo.organisation.id]: theo.organisation.domain },
      },
      sid: expect.any(String),
    });
    expect(await client.fetchUserInfo(config, tokens.access_token, nora.subject)).toMatchObject({ email: nora.email });
  });

  it("gets access tokens that are JWTs for every client and the project, without an address, and introspects them", async () => {
    const { access_token: token } = await signIn(nora.subject);
    const jwks = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri ?? ""));
    const { payload } = await jwtVerify(token, jwks, { issuer: idp.issuer, audience: "pid" });
    expect(payload.aud).toEqual(["cloud", "pid"]);
    expect(JSON.stringify(payload)).not.toContain(nora.email);
    expect(payload["urn:zitadel:iam:user:resourceowner:id"]).toBe(nora.organisation.id);
    expect(await client.tokenIntrospection(config, token)).toMatchObject({ active: true, sub: nora.subject });
    await client.tokenRevocation(config, token);
    expect(await client.tokenIntrospection(config, token)).toMatchObject({ active: false });
  });

  it("is told the organisation that was asked for as if it were the person's: the trap", async () => {
    const tokens = await signIn(theo.subject, `${SCOPES} urn:zitadel:iam:org:id:${nora.organisation.id}`);
    expect(tokens.claims()).toMatchObject({
      "urn:zitadel:iam:org:id": nora.organisation.id,
      "urn:zitadel:iam:user:resourceowner:id": theo.organisation.id,
    });
    expect(decodeJwt(tokens.access_token)["urn:zitadel:iam:org:id"]).toBe(nora.organisation.id);
  });

  it("gets access_denied when somebody cancels, and nothing without PKCE", async () => {
    const { address } = await begin();
    const back = new URL(await openBrowser(idp.issuer).signIn(address, { cancel: true }));
    expect(back.searchParams.get("error")).toBe("access_denied");
    const bare = new URL(address);
    bare.searchParams.delete("code_challenge");
    bare.searchParams.delete("code_challenge_method");
    const refused = new URL(await openBrowser(idp.issuer).signIn(bare.href, { person: nora.subject }));
    expect(refused.searchParams.get("error")).toBe("invalid_request");
  });
});

it("the log-in page takes nothing from elsewhere, knows anybody who names themselves, and escapes what they typed", async () => {
  const browser = openBrowser(idp.issuer);
  const { address } = await begin();
  const redirect = await browser.send(address);
  const page = new URL(redirect.headers.get("location") ?? "", idp.issuer).href;
  const shown = await browser.send(page);
  expect(shown.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect((await shown.text()).match(/(?:src|href)="(?!data:)/)).toBeNull();
  const named = { name: "<b>Ada</b>", organisation: "Else", role: "viewer" };
  expect((await browser.send(page, named)).status).toBe(303);
  const again = openBrowser(idp.issuer);
  const next = await again.send((await begin()).address);
  const text = await (await again.send(new URL(next.headers.get("location") ?? "", idp.issuer).href)).text();
  expect(text).toContain("&lt;b&gt;Ada&lt;/b&gt;");
});
