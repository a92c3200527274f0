import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { openSecrets, readSettings } from "./settings.ts";

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
  });
  expect(settings.home).toMatch(/\.kombify$/);
  expect(settings.agentApiUrl).toBe("https://localhost:3002");
});

test("every bad setting is named at once, and no value is repeated", () => {
  const bad = { CLOUD_PORT: "many", STACK_PORT: "70000", DATABASE_URL: "mysql://hunter2" };
  expect(() => readSettings(bad)).toThrow(/CLOUD_PORT: [\s\S]*STACK_PORT: [\s\S]*DATABASE_URL: /);
  expect(() => readSettings(bad)).not.toThrow("hunter2");
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
