import { jwtVerify } from "jose";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { testLog } from "../testing.ts";
import { openProviderKeys, type ProviderKeysOptions } from "./provider-keys.ts";
import { openTestIssuer, type TestIssuer } from "./testing-issuer.ts";

let issuer: TestIssuer;
beforeEach(async () => {
  issuer = await openTestIssuer();
});
afterEach(() => issuer.close());

function openVerifier(options: Partial<ProviderKeysOptions> = {}) {
  const keys = openProviderKeys({ issuer: issuer.provider.issuer, log: testLog, ...options });
  return async (token: string) => (await jwtVerify(token, keys)).payload.sub;
}
const token = (kid?: string) => issuer.issue({ sub: "ann" }, kid ? { kid } : {});

it("keys are found by discovery, once for any number of tokens", async () => {
  const verify = openVerifier();
  expect(await Promise.all([verify(await token()), verify(await token())])).toEqual(["ann", "ann"]);
  for (let n = 0; n < 10; n++) await verify(await token());
  expect(issuer.asked).toEqual({ discovery: 1, keys: 1 });
});

it("a key that the provider has begun to sign with is taken without a restart, one that it gave up is not", async () => {
  const verify = openVerifier({ coolDownMs: 0 });
  const old = await token();
  await verify(old);
  await issuer.rotate();
  expect(await verify(await token())).toBe("ann");
  await expect(verify(old)).rejects.toThrow("no applicable key");
});

it("a key that was given up is forgotten also when no unknown one is ever shown", async () => {
  const verify = openVerifier({ refreshAfterMs: 1, retryAfterMs: 0 });
  const old = await token();
  await verify(old);
  await issuer.rotate();
  await vi.waitFor(() => expect(verify(old)).rejects.toThrow("no applicable key"), { timeout: 10_000, interval: 20 });
});

it("random kids make the provider be asked once in a cool-down, and a real rotation is seen after it", async () => {
  const verify = openVerifier({ coolDownMs: 1_500 });
  await verify(await token());
  for (let n = 0; n < 50; n++) await expect(verify(await token(`random-${n}`))).rejects.toThrow("no applicable key");
  expect(issuer.asked.keys).toBe(1);
  await issuer.rotate();
  const next = await token();
  expect(await vi.waitFor(() => verify(next), { timeout: 10_000, interval: 20 })).toBe("ann");
  expect(issuer.asked.keys).toBe(2);
});

it("while the provider is down, known keys work, an unknown one is refused, and it is not asked for each", async () => {
  const verify = openVerifier({ coolDownMs: 0, refreshAfterMs: 0, retryAfterMs: 60_000 });
  await verify(await token());
  issuer.behaviour = "down";
  const before = issuer.asked.discovery;
  for (let n = 0; n < 50; n++) await expect(verify(await token(`random-${n}`))).rejects.toThrow("no applicable key");
  expect(issuer.asked.discovery - before).toBeLessThanOrEqual(1);
  expect(await verify(await token())).toBe("ann");
});

it("keys that nobody has confirmed for long are not believed any more, and that is said", async () => {
  const verify = openVerifier({ staleAfterMs: 1, retryAfterMs: 60_000 });
  await verify(await token());
  issuer.behaviour = "down";
  const one = await token();
  await vi.waitFor(() => expect(verify(one)).rejects.toMatchObject({ code: "UPSTREAM", status: 502 }), {
    interval: 20,
  });
});

it("a provider that was away from the start is found when it is there, and asked seldom until then", async () => {
  const verify = openVerifier({ retryAfterMs: 1_000 });
  issuer.behaviour = "down";
  const one = await token();
  for (let n = 0; n < 20; n++)
    await expect(verify(one)).rejects.toMatchObject({ code: "UPSTREAM", retryAfterSeconds: 1 });
  expect(issuer.asked.discovery).toBeLessThanOrEqual(2);
  issuer.behaviour = "well";
  expect(await vi.waitFor(() => verify(one), { timeout: 10_000, interval: 20 })).toBe("ann");
});

it("a discovery document that names another issuer is not believed", async () => {
  const verify = openVerifier();
  issuer.behaviour = "false-issuer";
  await expect(verify(await token())).rejects.toMatchObject({ code: "UPSTREAM" });
  expect(issuer.asked.keys).toBe(0);
});
