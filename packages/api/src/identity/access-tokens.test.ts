import { createHmac, generateKeyPairSync } from "node:crypto";
import { type CryptoKey, exportSPKI, importJWK, type JWTPayload, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testLog } from "../testing.ts";
import { type AccessTokens, createAccessTokens } from "./access-tokens.ts";
import { openProviderKeys } from "./provider-keys.ts";
import { openTestIssuer, type TestIssuer } from "./testing-issuer.ts";

let issuer: TestIssuer;
let tokens: AccessTokens;
const open = () =>
  createAccessTokens([issuer.provider], (name) => openProviderKeys({ issuer: name, log: testLog, coolDownMs: 0 }));
beforeAll(async () => {
  issuer = await openTestIssuer({ audiences: ["https://api.example.com"] });
  tokens = open();
});
afterAll(() => issuer.close());

const now = () => Math.floor(Date.now() / 1000);
const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const claims = (): JWTPayload => ({
  iss: issuer.provider.issuer,
  aud: ["kombify-project"],
  sub: "ann",
  jti: "1",
  iat: now(),
  exp: now() + 900,
});
const unauthorized = { code: "FORBIDDEN", status: 401, challenge: 'Bearer error="invalid_token"' };

describe("a token of a provider", () => {
  it.each(["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA"])(
    "signed with %s is taken",
    async (algorithm) => {
      await issuer.rotate({ algorithm });
      expect(await open().verify(await issuer.issue({ sub: "ann" }))).toMatchObject({ subject: "ann", orgId: null });
    },
  );

  it.each([
    ["our client id", { aud: ["kombify-client", "other"] }],
    ["the project", { aud: "kombify-project" }],
    ["a further audience", { aud: "https://api.example.com" }],
    ["our client id alone, with the mark of an access token", { aud: "kombify-client" }],
  ])("is taken for %s", async (_what, more) => {
    expect(await tokens.verify(await issuer.issue({ sub: "ann", ...more }))).toMatchObject({ subject: "ann" });
  });

  it.each([undefined, "JWT", "at+jwt", "application/at+jwt", "AT+JWT"])("may have the type %s", async (typ) => {
    expect(await tokens.verify(await issuer.issue({ sub: "ann" }, { typ }))).toMatchObject({ subject: "ann" });
  });

  it("may be half a minute off, as clocks are", async () => {
    await tokens.verify(await issuer.issue({ sub: "ann", nbf: now() + 20, iat: now() + 20 }));
    await tokens.verify(await issuer.issue({ sub: "ann", iat: now() - 100, exp: now() - 20 }));
  });

  it("the organisation is the one that the account belongs to, never the echo of what the client asked for", async () => {
    const echo = { "urn:zitadel:iam:org:id": "attacker", "urn:zitadel:iam:org:domain:primary": "attacker.example" };
    expect((await tokens.verify(await issuer.issue({ sub: "ann", ...echo }))).orgId).toBeNull();
    const owner = { "urn:zitadel:iam:user:resourceowner:id": "home" };
    expect((await tokens.verify(await issuer.issue({ sub: "ann", ...echo, ...owner }))).orgId).toBe("home");
  });

  it("a verified token is remembered, but not beyond its own end", async () => {
    const own = open();
    const short = await issuer.issue({ sub: "ann", exp: now() - 29 });
    await own.verify(short);
    await expect
      .poll(() => own.verify(short).catch((error: Error) => error.message), { timeout: 10_000 })
      .toContain("expired");
  });
});

describe("is refused with 401 and a challenge:", () => {
  it.each<[string, JWTPayload, string?]>([
    ["an expired token", { exp: 1_700_000_000, iat: 1_699_999_000 }],
    ["one that is not good yet", { nbf: 4_000_000_000 }],
    ["one from the future", { iat: 4_000_000_000, exp: 4_000_000_900 }],
    ["one for another audience", { aud: ["other"] }],
    ["one for nobody", { aud: undefined as never }],
    ["one without an end", { exp: undefined as never }],
    ["one without a beginning", { iat: undefined as never }],
    ["one without a subject", { sub: undefined as never }],
    ["one with an empty subject", { sub: "" }],
    ["one that lives for more than a day", { exp: 4_000_000_000 }],
    ["one whose time is text", { exp: "4000000000" as never }],
    ["one of another issuer", { iss: "https://evil.example" }],
    ["an organisation that is no text", { "urn:zitadel:iam:user:resourceowner:id": ["a", "b"] }],
    ["an ID token with a nonce", { aud: "kombify-client", nonce: "n" }],
    ["an ID token with the hash of an access token", { aud: "kombify-client", at_hash: "h" }],
    ["an ID token with many audiences", { nonce: "n" }],
    ["an ID token without either", { aud: "kombify-client", jti: undefined as never, auth_time: 1, amr: ["pwd"] }],
    ["an ID token of a provider that marks them", { typ: "ID" }],
    ["a log-out token", { events: { "http://schemas.openid.net/event/backchannel-logout": {} }, sid: "s" }],
    ["the type of a log-out token", {}, "logout+jwt"],
    ["the type of a proof of possession", {}, "dpop+jwt"],
  ])("%s", async (_what, more, typ = "JWT") => {
    await expect(tokens.verify(await issuer.issue({ sub: "ann", ...more }, { typ }))).rejects.toMatchObject(
      unauthorized,
    );
  });

  it.each(["", "x", "a.b.c", "kpat_short", "..", `${"a".repeat(5000)}.b.c`])("%j, which is no token", async (text) => {
    await expect(tokens.verify(text)).rejects.toMatchObject(unauthorized);
  });

  it("a token without a signature, in any spelling of none", async () => {
    for (const alg of ["none", "None", "NONE", "nOnE"])
      for (const signature of ["", "AAAA"])
        await expect(tokens.verify(`${base64url({ alg })}.${base64url(claims())}.${signature}`)).rejects.toMatchObject(
          unauthorized,
        );
  });

  it("a token that is signed with our provider's public key as if it were a shared secret", async () => {
    await issuer.rotate({ algorithm: "RS256" });
    const jwk = issuer.publicKey();
    const pem = await exportSPKI((await importJWK(jwk, "RS256")) as CryptoKey);
    const text = `${base64url({ alg: "HS256", typ: "JWT", kid: jwk.kid })}.${base64url(claims())}`;
    for (const secret of [pem, pem.trim(), JSON.stringify(jwk), jwk.n ?? ""]) {
      const signature = createHmac("sha256", secret).update(text).digest("base64url");
      await expect(tokens.verify(`${text}.${signature}`)).rejects.toMatchObject(unauthorized);
    }
  });

  it("a token that brings its own key, or says where to find it", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const jwk = publicKey.export({ format: "jwk" });
    const { kid } = issuer.publicKey();
    for (const header of [{ jwk }, { jku: "https://evil.example/keys" }, { x5u: "https://evil.example/cert" }]) {
      const protectedHeader = { alg: "RS256", kid: kid ?? "", ...header };
      const forged = await new SignJWT(claims()).setProtectedHeader(protectedHeader as never).sign(privateKey);
      await expect(tokens.verify(forged)).rejects.toMatchObject(unauthorized);
    }
  });

  it("a token with a changed claim, a changed signature, or a critical header that nobody understands", async () => {
    const [header = "", , signature = ""] = (await issuer.issue({ sub: "ann" })).split(".");
    await expect(
      tokens.verify(`${header}.${base64url({ ...claims(), sub: "bob" })}.${signature}`),
    ).rejects.toMatchObject(unauthorized);
    const good = await issuer.issue({ sub: "ann" });
    const changed = `${good.slice(0, -8)}${good.at(-8) === "A" ? "B" : "A"}${good.slice(-7)}`;
    await expect(tokens.verify(changed)).rejects.toMatchObject(unauthorized);
    const critical = `${base64url({ alg: "RS256", crit: ["exp"], exp: 1 })}.${good.split(".")[1]}.${good.split(".")[2]}`;
    await expect(tokens.verify(critical)).rejects.toMatchObject(unauthorized);
  });
});
