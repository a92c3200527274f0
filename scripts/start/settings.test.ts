import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { oidcProvidersOf, openProviderSecrets } from "./identity-provider.ts";
import { openSecrets, readSettings } from "./settings.ts";
import { agentEnvironment } from "./stack.ts";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function temporaryHome(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "kombify-home-"));
  folders.push(folder);
  return folder;
}

test("without any setting the ports of the documentation are taken; an empty variable counts as none", () => {
  const settings = readSettings({ CLOUD_PORT: "", KOMBIFY_HOME: "" });
  expect(settings.ports).toEqual({
    CLOUD_PORT: 3000,
    ADMIN_PORT: 3001,
    AGENT_API_PORT: 3002,
    STACK_PORT: 3100,
    STACK_INTERNAL_PORT: 3101,
    IDP_PORT: 3200,
  });
  expect(settings.home).toMatch(/\.kombify$/);
  expect(settings.agentApiUrl).toBe("https://localhost:3002");
});

test("portals listen for a gateway only where they are told to", () => {
  expect(readSettings({}).gatewayPorts).toEqual({});
  expect(readSettings({ CLOUD_GATEWAY_PORT: "3003" }).gatewayPorts).toEqual({ cloud: 3003 });
});

test("every bad setting is named at once, and no value is repeated", () => {
  const bad = { CLOUD_PORT: "many", STACK_PORT: "70000", DATABASE_URL: "mysql://hunter2" };
  expect(() => readSettings(bad)).toThrow(/CLOUD_PORT: [\s\S]*STACK_PORT: [\s\S]*DATABASE_URL: /);
  expect(() => readSettings(bad)).not.toThrow("hunter2");
});

test("what the local Stack stores its records in reaches its agent, and nothing that was not set", () => {
  const given = { KOMBIFY_ENGINE: "pocketbase", POCKETBASE_BIN: "/opt/pocketbase", POCKETBASE_URL: "" };
  const environment = agentEnvironment(readSettings(given));
  expect(environment).toMatchObject({ KOMBIFY_ENGINE: "pocketbase", POCKETBASE_BIN: "/opt/pocketbase" });
  expect(environment).not.toHaveProperty("POCKETBASE_URL");
  expect(agentEnvironment(readSettings({}))).not.toHaveProperty("KOMBIFY_ENGINE");
});

test("an engine that is none and half a PocketBase are refused before anything starts", () => {
  expect(() => readSettings({ KOMBIFY_ENGINE: "sqlite" })).toThrow("KOMBIFY_ENGINE: must be postgres or pocketbase");
  const half = { POCKETBASE_URL: "http://localhost:8090", POCKETBASE_SUPERUSER_PASSWORD: "hunter2" };
  expect(() => readSettings(half)).toThrow("POCKETBASE_SUPERUSER_EMAIL: set it");
  expect(() => readSettings(half)).not.toThrow("hunter2");
});

test("secrets are generated once, for their owner only, and differ between homes", async () => {
  const home = await temporaryHome();
  const secrets = await openSecrets(home);
  expect(Buffer.from(secrets.encryptionKey, "base64")).toHaveLength(32);
  expect((await stat(join(home, "secrets.json"))).mode & 0o777).toBe(0o600);
  expect(await openSecrets(home)).toEqual(secrets);
  expect((await openSecrets(await temporaryHome())).encryptionKey).not.toBe(secrets.encryptionKey);
});

test("a secrets file that lost a part is never completed silently", async () => {
  const home = await temporaryHome();
  await writeFile(join(home, "secrets.json"), JSON.stringify({ webPassword: "x", workerPassword: "y" }));
  await expect(openSecrets(home)).rejects.toThrow("secrets.json is not complete");
});

test("mail goes to the mailbox page unless a mail server is given", () => {
  expect(readSettings({ SMTP_URL: "" }).mailEnvironment).toEqual({ MAIL_MAILBOX: "development" });
  const server = { SMTP_URL: "smtp://127.0.0.1:2525", MAIL_FROM: "kombify@example.com" };
  expect(readSettings(server).mailEnvironment).toEqual(server);
});

test("the identity provider's secrets are generated once, for their owner only, and reach the portals as their provider", async () => {
  const home = await temporaryHome();
  const secrets = await openProviderSecrets(home);
  expect((await stat(join(home, "identity-provider.json"))).mode & 0o777).toBe(0o600);
  expect(await openProviderSecrets(home)).toEqual(secrets);
  expect((await openProviderSecrets(await temporaryHome())).clientSecret).not.toBe(secrets.clientSecret);
  const [provider] = JSON.parse(oidcProvidersOf(readSettings({ IDP_PORT: "4200" }), secrets));
  expect(provider).toMatchObject({ issuer: "http://localhost:4200", clientSecret: secrets.clientSecret });
  expect(oidcProvidersOf(readSettings({ OIDC_PROVIDERS: "[]" }), secrets)).toBe("[]");
  await writeFile(join(home, "identity-provider.json"), "{}");
  await expect(openProviderSecrets(home)).rejects.toThrow("is not complete");
});
