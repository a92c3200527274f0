/** The commands themselves, as an operator runs them. */
import { spawn } from "node:child_process";
import { createPrivateKey, randomBytes, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createTestPlane, joinHost, signInStaff, type TestPlane } from "@kombify/api/testing";
import { afterAll, beforeAll, expect, it } from "vitest";

let plane: TestPlane;
let home: string;
beforeAll(async () => {
  const encryptionKey = randomBytes(32).toString("base64");
  plane = await createTestPlane({ encryptionKey });
  home = await mkdtemp(join(tmpdir(), "kombify-cli-"));
  const { password } = new URL(plane.database.urls.web);
  const secrets = { encryptionKey, webPassword: password, workerPassword: "x" };
  await writeFile(join(home, "secrets.json"), JSON.stringify(secrets), { mode: 0o600 });
});
afterAll(async () => {
  await plane?.close();
  await rm(home, { recursive: true, force: true });
});

async function kombify(...args: string[]) {
  const child = spawn(process.execPath, ["main.ts", ...args], {
    cwd: join(import.meta.dirname, ".."),
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      KOMBIFY_HOME: home,
      DATABASE_URL: plane.database.ownerUrl,
    } as never,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  return { out, err, code: code as number };
}

it("a gateway gets a key for its owner alone, a certificate that fits it, and the CAs; the next one names the one before", async () => {
  const folder = join(home, "gateway");
  const { out, code, err } = await kombify("gateway", "certificate", "--out", folder, "--days", "2");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect((await readdir(folder)).sort()).toEqual(["ca.pem", "certificate.pem", "key.pem"]);
  expect((await stat(join(folder, "key.pem"))).mode & 0o777).toBe(0o600);
  const read = (name: string) => readFile(join(folder, name), "utf8");
  const certificate = new X509Certificate(await read("certificate.pem"));
  expect(certificate.subjectAltName).toBe("URI:spiffe://kombify/service/gateway");
  expect(certificate.checkPrivateKey(createPrivateKey(await read("key.pem")))).toBe(true);
  expect(certificate.verify(new X509Certificate(await read("ca.pem")).publicKey)).toBe(true);
  expect(certificate.validToDate.getTime() - Date.now()).toBeLessThan(2 * 86_400_000);
  expect(out).toContain(`ends on ${certificate.validToDate.toISOString().slice(0, 16)}`);
  expect(out).not.toContain("PRIVATE KEY");

  const serial = certificate.serialNumber.toLowerCase();
  expect((await kombify("gateway", "certificate", "--out", folder)).out).toContain(`certificates revoke ${serial}`);
  expect(new X509Certificate(await read("certificate.pem")).serialNumber.toLowerCase()).not.toBe(serial);
  expect(await readdir(folder)).toHaveLength(3);

  const revoked = await kombify("certificates", "revoke", certificate.serialNumber.replace(/(..)(?=.)/g, "$1:"));
  expect(revoked.out).toContain(serial);
  const listed = (await kombify("certificates", "list")).out;
  expect(listed).toMatch(new RegExp(`${serial}\\s+gateway\\s.*revoked`));
  expect(listed).toMatch(/cloud\s.*good/);
  expect(listed).toMatch(/issues/);
}, 240_000);

it("what cannot be done is said in a sentence", async () => {
  expect(await kombify("gateway", "certificate", "--out", join(home, "long"), "--days", "31")).toMatchObject({
    code: 1,
    err: expect.stringContaining("1 to 30 whole days"),
  });
  expect(await kombify("certificates", "revoke", "hello")).toMatchObject({
    code: 1,
    err: expect.stringContaining("hex"),
  });
  expect(await kombify("certificates", "revoke", "00ff")).toMatchObject({
    code: 1,
    err: expect.stringContaining("no certificate"),
  });
  expect((await readdir(home)).includes("long")).toBe(false);
}, 240_000);

it("agents are asked for new certificates, all or one", async () => {
  const staff = await signInStaff(plane);
  const [one, other] = [await joinHost(plane, staff, "one"), await joinHost(plane, staff, "other")];
  const asked = async (host: typeof one) => (await host.api.agents.desired({ revision: 0 }))?.renewCertificatesBefore;
  expect((await kombify("certificates", "renew", "--instance", "one")).code).toBe(0);
  expect(await asked(one)).toEqual(expect.any(String));
  expect((await asked(other)) ?? null).toBeNull();
  expect((await kombify("certificates", "renew")).code).toBe(0);
  expect(await asked(other)).toEqual(expect.any(String));
  expect(await kombify("certificates", "renew", "--instance", "none")).toMatchObject({ code: 1 });
}, 240_000);
