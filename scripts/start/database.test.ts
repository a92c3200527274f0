/** What a start makes of an exchange of passwords that was cut off. On a cluster of its own: log-in roles belong to it. */
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DatabaseUrls, scramVerifier, withLogin, writeAddress } from "@kombify/db";
import { createDatabase, type EmbeddedPostgres, startPostgres } from "@kombify/embedded-postgres";
import postgres from "postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import { addressFiles, migrateDatabase } from "./database.ts";
import { readSettings, type Secrets, type Settings } from "./settings.ts";

let home: string;
let cluster: EmbeddedPostgres;
let settings: Settings;
let secrets: Secrets;
let ownerUrl: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "kombify-start-"));
  cluster = await startPostgres({ dataDir: join(home, "postgres"), ephemeral: true });
  await createDatabase(cluster.superuserUrl, "kombify");
  ownerUrl = cluster.url("kombify");
  settings = readSettings({ KOMBIFY_HOME: home });
  secrets = { encryptionKey: "x", webPassword: "first-web", workerPassword: "first-worker" } as Secrets;
});
afterAll(async () => {
  await cluster?.stop();
  await rm(home, { recursive: true, force: true });
});

const start = (): Promise<DatabaseUrls> => migrateDatabase(settings, ownerUrl, secrets);
async function as<T>(url: string, statement: string): Promise<T[]> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  return (await sql.unsafe(statement).finally(() => sql.end({ timeout: 1 }))) as unknown as T[];
}
const letsIn = (url: string) =>
  as(url, "select 1").then(
    () => true,
    () => false,
  );

it("the first start writes the addresses down for nobody else to read, and a second one finds them", async () => {
  const urls = await start();
  for (const [name, file] of Object.entries(addressFiles(settings))) {
    expect((await readFile(file, "utf8")).trim()).toBe(urls[name as keyof DatabaseUrls]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  }
  expect(await start()).toEqual(urls);
  expect(await letsIn(urls.web)).toBe(true);
});

it("a start after passwords were exchanged keeps the new ones and does not bring the first ones back", async () => {
  const before = await start();
  const after = {
    web: withLogin(before.web, "kombify_web_b", "new-web"),
    worker: withLogin(before.worker, "kombify_worker_b", "new-worker"),
  };
  // As the rotation leaves it, queue and all.
  for (const [name, url] of Object.entries(after)) {
    const { username, password } = new URL(url);
    await as(ownerUrl, `select open_login('${username}', '${await scramVerifier(password)}')`);
    await writeAddress(addressFiles(settings)[name as keyof DatabaseUrls], url);
  }
  await as(ownerUrl, "select close_login('kombify_web'), close_login('kombify_worker')");
  const changedAt = (await stat(addressFiles(settings).web)).mtimeMs;
  expect(await start()).toEqual(after);
  expect((await stat(addressFiles(settings).web)).mtimeMs).toBe(changedAt);
  for (const url of Object.values(before)) expect(await letsIn(url)).toBe(false);
  // The queue's twin acts as the owner of its schema.
  expect(await as(after.worker, "select session_user::text, current_user::text")).toEqual([
    { session_user: "kombify_worker_b", current_user: "kombify_worker" },
  ]);
});

it("a start between two steps of an exchange leaves the twin that is being prepared as it is", async () => {
  const { web } = await start();
  const next = withLogin(web, "kombify_web", "prepared");
  await writeAddress(`${addressFiles(settings).web}.next`, next);
  await as(ownerUrl, `select open_login('kombify_web', '${await scramVerifier("prepared")}')`);
  expect((await start()).web).toBe(web);
  expect([await letsIn(web), await letsIn(next)]).toEqual([true, true]);
});

it("a home whose files are lost gets in again with what it began with", async () => {
  for (const file of Object.values(addressFiles(settings))) await rm(file);
  const urls = await start();
  expect(new URL(urls.web).password).toBe("first-web");
  expect(await letsIn(urls.web)).toBe(true);
});
