import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAuthority } from "../../test/certificate-authority.ts";
import { type ControlPlaneDouble, startControlPlaneDouble } from "../../test/control-plane-double.ts";
import { loadIdentity, saveIdentity } from "./identity-store.ts";
import { joinControlPlane } from "./join.ts";
import { checkGrant, createSigningRequest } from "./signing-request.ts";

let controlPlane: ControlPlaneDouble;
beforeAll(async () => {
  controlPlane = await startControlPlaneDouble();
});
afterAll(() => controlPlane.stop());

const settings = {
  engine: "postgres" as const,
  publicUrl: "http://localhost:1",
  internalUrl: "https://localhost:2",
  capacity: 5,
};
const joinWith = (token: string, url = controlPlane.url) =>
  joinControlPlane(url, { token, ...settings, agentVersion: "1" });

test("a server that is not the control plane of the token learns nothing", async () => {
  const stranger = await createAuthority();
  const foreign = `kj1.${stranger.fingerprint}.${controlPlane.joinToken.split(".")[2]}`;
  await expect(joinWith(foreign)).rejects.toMatchObject({ code: "FORBIDDEN" });
});

test("a text that is no join token, and an address where nobody answers, are said to be so", async () => {
  await expect(joinWith("hello")).rejects.toMatchObject({ code: "INVALID", fields: [{ path: "token" }] });
  await expect(joinWith(controlPlane.joinToken, "https://localhost:1")).rejects.toMatchObject({ code: "UPSTREAM" });
});

test("a join token turns into an identity once, kept where only its owner reads it", async () => {
  const identity = await joinWith(controlPlane.joinToken);
  expect(identity.instanceId).toBe(controlPlane.instanceId);
  await expect(joinWith(controlPlane.joinToken)).rejects.toMatchObject({
    code: "FORBIDDEN",
    message: expect.stringContaining("used before"),
  });
  const home = await mkdtemp(join(tmpdir(), "kombify-identity-"));
  const stored = { identity, settings: { ...settings, port: 1, internalPort: 2 }, joinTokenHash: "h" };
  await saveIdentity(home, stored);
  await saveIdentity(home, stored);
  expect(await loadIdentity(home)).toEqual(stored);
  const folders = (await readdir(home)).filter((name) => name.startsWith("identity-"));
  expect(folders).toHaveLength(1);
  expect((await stat(join(home, folders[0] ?? "", "key.pem"))).mode & 0o777).toBe(0o600);
  await rm(home, { recursive: true });
});

test("a certificate for another key, another instance or from another CA never replaces a working one", async () => {
  const { authority, instanceId } = controlPlane;
  const { key, csr } = await createSigningRequest();
  const other = await createSigningRequest();
  const peer = { kind: "instance", instanceId } as const;
  const grant = (certificate: string, ca = authority.certificate) => ({
    instanceId,
    certificate,
    caBundle: [ca],
    notAfter: new Date().toISOString(),
  });
  expect(() => checkGrant({ ...grant("") }, key)).toThrow();
  checkGrant(grant(await authority.sign(csr, peer, 1000)), key);
  expect(() => checkGrant(grant("x"), key)).toThrow();
  const otherKey = await authority.sign(other.csr, peer, 1000);
  expect(() => checkGrant(grant(otherKey), key)).toThrow("another key");
  const service = await authority.sign(csr, { kind: "service", name: "admin" }, 1000);
  expect(() => checkGrant(grant(service), key)).toThrow("another instance");
  const stranger = await createAuthority();
  const own = await authority.sign(csr, peer, 1000);
  expect(() => checkGrant(grant(own, stranger.certificate), key)).toThrow("none of its CAs");
});
