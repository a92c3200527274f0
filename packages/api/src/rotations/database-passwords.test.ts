/** On a cluster of its own: log-in roles belong to the cluster, and other tests log in with them. */
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { enqueueJob, migrate, openDatabase, withLogin, writeAddress } from "@kombify/db";
import { type EmbeddedPostgres, startPostgres } from "@kombify/embedded-postgres";
import { createShell, type Listener, type Logger, listen } from "@kombify/server";
import postgres, { type Sql } from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { requestInfoOf } from "../agent-api.ts";
import type { VerbContext } from "../context.ts";
import { type ControlPlane, createControlPlane } from "../control-plane.ts";
import { callAs, cookieOf, testLog } from "../testing.ts";
import { startWorker, type Worker } from "../worker.ts";
import { databasePasswords } from "./database-passwords.ts";

let folder: string;
let cluster: EmbeddedPostgres;
let owner: Sql;
let ownerUrl: string;
let cloud: ControlPlane;
let admin: ControlPlane;
let worker: Worker;
let web: Listener;
let system: VerbContext;
let cookie: string;
const files = () => ({ web: join(folder, "database.url"), worker: join(folder, "worker.url") });
/** How often each job of the queue was completed, by its id. */
const completed = new Map<string, number>();
/** The worker's log, listened to for what it completes. */
const queueLog = {
  ...testLog,
  child: () => queueLog,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  debug: ({ queue }: { queue?: string }) => {
    const id = /^Completed task (\S+) /.exec(queue ?? "")?.[1];
    if (id) completed.set(id, (completed.get(id) ?? 0) + 1);
  },
} as unknown as Logger;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kombify-passwords-"));
  cluster = await startPostgres({ dataDir: join(folder, "postgres"), ephemeral: true });
  // The least that an owner may be: no superuser.
  const password = randomBytes(12).toString("hex");
  const superuser = postgres(cluster.superuserUrl, { max: 1, onnotice: () => undefined });
  await superuser.unsafe(`create role owner login createrole password '${password}'`);
  await superuser.unsafe("create database kombify owner owner");
  await superuser.end();
  ownerUrl = withLogin(cluster.url("kombify"), "owner", password);
  owner = postgres(cluster.url("kombify"), { max: 2, onnotice: () => undefined });
  const urls = await migrate({ ownerUrl, webPassword: "first-web", workerPassword: "first-worker" });
  await writeAddress(files().web, urls.web);
  await writeAddress(files().worker, urls.worker);
  const options = {
    databaseUrlFile: files().web,
    workerDatabaseUrlFile: files().worker,
    encryptionKey: randomBytes(32).toString("base64"),
    log: testLog,
    cloudUrl: "http://localhost:3000",
    adminUrl: "http://localhost:3001",
    agentApiUrl: "https://localhost:3002",
    secureCookies: false,
  };
  cloud = await createControlPlane({ ...options, audience: "cloud" });
  admin = await createControlPlane({ ...options, audience: "admin" });
  system = admin.asSystem("test");
  worker = await startWorker({ db: admin.db, can: admin.can, log: queueLog, workerDatabaseUrlFile: files().worker });
  const shell = createShell({ name: "test", version: "0", log: testLog, checks: cloud.checks, exposeMetrics: false });
  shell.app.all("*", async (c) => (await cloud.handle(c.req.raw, requestInfoOf(c))) ?? c.notFound());
  web = await listen({ fetch: shell.app.fetch, port: 0 });
  await owner`insert into plan_limits (plan, requests_per_minute) values ('free', 1000000)`;
  const { api, responseHeaders } = callAs(cloud);
  await api.identity.register({ email: "ann@example.com", password: "correct horse battery", name: "Ann" });
  cookie = cookieOf(responseHeaders);
}, 120_000);
afterAll(async () => {
  await web?.close();
  await worker?.stop();
  await cloud?.close();
  await admin?.close();
  await owner?.end({ timeout: 1 });
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

const run = { id: "00000000-0000-7000-8000-000000000000", startedAt: new Date() };
/** Runs steps as a worker does: again and again until each is done. */
async function runSteps(from = 0, to = databasePasswords.steps.length): Promise<void> {
  for (const step of databasePasswords.steps.slice(from, to))
    for (;;) {
      const result = await step.run(system, run);
      if (result.isDone) break;
      await delay(Math.min(result.retryAfterMs, 200));
    }
}
const addressOf = async (file: string) => (await readFile(file, "utf8")).trim();
const addresses = async () => [await addressOf(files().web), await addressOf(files().worker)] as const;
const userOf = (url: string) => new URL(url).username;
async function refusalOf(url: string): Promise<string | undefined> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  const outcome = await sql`select 1`.then(
    () => undefined,
    (error: { code: string }) => error.code,
  );
  await sql.end({ timeout: 1 });
  return outcome;
}
const openLogins = async () =>
  (await owner`select rolname from pg_roles where rolname ~ '^kombify_(web|worker)' and rolcanlogin order by 1`).map(
    ({ rolname }) => rolname as string,
  );
/** Nothing is left over, the files let in, and the addresses of before do not. */
async function expectExchanged(before: readonly string[]): Promise<void> {
  const now = await addresses();
  expect(await openLogins()).toEqual(now.map(userOf).sort());
  for (const url of now) expect(await refusalOf(url)).toBeUndefined();
  for (const url of before) expect(await refusalOf(url)).toMatch(/^28/);
  for (const file of Object.values(files())) {
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await expect(stat(`${file}.next`)).rejects.toMatchObject({ code: "ENOENT" });
  }
}

describe("an exchange", () => {
  it("passes under a load of requests and jobs without one failing, and then the old passwords are refused", async () => {
    const before = await addresses();
    const statuses = new Map<number, number>();
    const failures: unknown[] = [];
    let jobs = 0;
    let isOver = false;
    const note = ({ status }: { status: number }) => void statuses.set(status, (statuses.get(status) ?? 0) + 1);
    const drive = async (one: () => Promise<void>) => {
      while (!isOver) await one().catch((error: unknown) => failures.push(error));
    };
    const read = () => fetch(`${web.url}/v1/portal/me`, { headers: { cookie } }).then(note);
    const body = () =>
      JSON.stringify({ email: `x-${randomBytes(6).toString("hex")}@example.com`, password: "correct horse battery" });
    const write = () => {
      const text = body();
      const headers = { "content-type": "application/json", "content-length": String(text.length) };
      return fetch(`${web.url}/api/auth/register`, { method: "POST", headers, body: text }).then(note);
    };
    const work = async () => {
      await system.db.transaction((tx) => enqueueJob(tx, "place-waiting-tenants", {}));
      jobs++;
      await delay(5);
    };
    // What waits for a change goes on waiting on the new connections.
    const seen: string[] = [];
    cloud.can.changes.on(({ id }) => void seen.push(id));
    const load = [read, read, read, read, write, work].map(drive);
    // A transaction that began before the move ends where it began.
    let finish = () => {};
    const long = cloud.db.as({ kind: "system" }).transaction(async (tx) => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return tx.execute("select current_user, session_user");
    });
    try {
      await runSteps(0, 2);
      const moved = () =>
        owner`select from pg_stat_activity where usename = 'kombify_web_b'`.then((rows) => rows.length);
      await expect.poll(moved, { timeout: 20_000 }).toBeGreaterThan(2);
      const [, , everyProcess] = databasePasswords.steps;
      expect(await everyProcess?.run(system, run)).toMatchObject({
        isDone: false,
        detail: expect.stringMatching(/^\d+ connections of kombify_web are left/),
      });
      finish();
      expect(await long).toMatchObject([{ session_user: "kombify_web" }]);
      await runSteps(2);
      const readsBefore = statuses.get(200) ?? 0;
      await expect.poll(() => statuses.get(200) ?? 0, { timeout: 20_000 }).toBeGreaterThan(readsBefore + 20);
    } finally {
      finish();
      isOver = true;
      await Promise.all(load);
    }
    expect(failures).toEqual([]);
    expect([...statuses.keys()].sort()).toEqual([200, 201]);
    await expect.poll(() => completed.size, { timeout: 20_000 }).toBe(jobs);
    expect([...completed.values()].every((times) => times === 1)).toBe(true);
    const left = () => owner`select from graphile_worker._private_jobs`.then((rows) => rows.length);
    await expect.poll(left, { timeout: 20_000 }).toBe(0);
    await system.db.transaction((tx) =>
      tx.execute('select pg_notify(\'kombify_changes\', \'{"noun":"tenants","id":"heard"}\')'),
    );
    await expect.poll(() => seen).toContain("heard");
    expect((await addresses()).map(userOf)).toEqual(["kombify_web_b", "kombify_worker_b"]);
    await expectExchanged(before);
    expect(Date.now() - ((await databasePasswords.inUseSince(system))?.getTime() ?? 0)).toBeLessThan(120_000);
  }, 120_000);

  it("goes back to the first twins the next time, with passwords that never were", async () => {
    const before = await addresses();
    await runSteps();
    expect((await addresses()).map(userOf)).toEqual(["kombify_web", "kombify_worker"]);
    expect((await addresses()).join()).not.toMatch(/first-/);
    await expectExchanged(before);
  }, 60_000);
});

/** Each makes what a worker leaves behind that was killed there, and says which step runs again. */
const KILLS: Record<string, { leave(): Promise<void>; step: number }> = {
  "after a new password was written down, before the database knew it": {
    step: 0,
    leave: async () => {
      const [url] = await addresses();
      const other = userOf(url) === "kombify_web" ? "kombify_web_b" : "kombify_web";
      await writeAddress(`${files().web}.next`, withLogin(url, other, "written-down"));
    },
  },
  "when both passwords were made, before that was noted": { step: 0, leave: () => runSteps(0, 1) },
  "when only one of the files was exchanged": {
    step: 1,
    leave: async () => {
      await runSteps(0, 1);
      await rename(`${files().web}.next`, files().web);
    },
  },
  "when both files were exchanged, before that was noted": { step: 1, leave: () => runSteps(0, 2) },
  "when only one of the old roles was closed": {
    step: 3,
    leave: async () => {
      await runSteps(0, 3);
      const [url] = await addresses();
      const old = userOf(url) === "kombify_web" ? "kombify_web_b" : "kombify_web";
      await owner`select close_login(${old})`;
    },
  },
};

describe("a worker that is killed", () => {
  it.each(Object.keys(KILLS))(
    "%s: the next one finishes",
    async (name) => {
      const kill = KILLS[name];
      const before = await addresses();
      await kill?.leave();
      await runSteps(kill?.step);
      await expectExchanged(before);
      expect((await fetch(`${web.url}/v1/portal/me`, { headers: { cookie } })).status).toBe(200);
    },
    60_000,
  );

  it("and whose exchange was given up half way: the next exchange ends it first, and makes new passwords", async () => {
    const before = await addresses();
    await runSteps(0, 2);
    const halfWay = await addresses();
    await runSteps();
    await expectExchanged([...before, ...halfWay]);
  }, 60_000);
});

describe("what may not happen", () => {
  const call = (statement: string) => system.db.transaction((tx) => tx.execute(statement));
  const refused = (code: string) => expect.objectContaining({ code });
  const verifier = `SCRAM-SHA-256$4096:AAAA$AAAA=:AAAA=`;

  it("a role in use, a role of somebody else and a bare password are refused by the database", async () => {
    const [url] = await addresses();
    const idle = userOf(url) === "kombify_web" ? "kombify_web_b" : "kombify_web";
    await expect(call(`select open_login('${userOf(url)}', '${verifier}')`)).rejects.toEqual(refused("55006"));
    await expect(call(`select close_login('${userOf(url)}')`)).rejects.toEqual(refused("55006"));
    await expect(call(`select open_login('postgres', '${verifier}')`)).rejects.toEqual(refused("42501"));
    await expect(call(`select open_login('kombify_system', '${verifier}')`)).rejects.toEqual(refused("42501"));
    await expect(call(`select open_login('${idle}', 'hunter2')`)).rejects.toEqual(refused("22023"));
    const identity = cloud.db.as({ kind: "identity" });
    await expect(
      identity.transaction((tx) => tx.execute(`select open_login('${idle}', '${verifier}')`)),
    ).rejects.toEqual(refused("42501"));
  });

  it("a process without files says what it needs", async () => {
    const can = { ...system.can, databaseFiles: { web: undefined, worker: undefined } };
    await expect(databasePasswords.steps[0]?.run({ ...system, can }, run)).rejects.toMatchObject({
      code: "PRECONDITION",
      message: expect.stringContaining("DATABASE_URL_FILE"),
    });
  });

  it("an address that does not work moves nobody", async () => {
    const [url] = await addresses();
    const db = openDatabase({ url });
    await expect(db.moveTo(withLogin(url, "kombify_web", "wrong"))).rejects.toThrow();
    await db.ping();
    await db.close();
  });
});
