import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, cp, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { afterEach, expect, test } from "vitest";
import { binariesIn, findBinaries } from "./binaries.ts";
import {
  createDatabase,
  databaseExists,
  type EmbeddedPostgres,
  findServer,
  type PostgresOptions,
  startPostgres,
} from "./index.ts";
import { startOf } from "./process-identity.ts";
import { chooseRunAs } from "./run-as.ts";

const cleanups: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function temporaryFolder(mode = 0o755): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "kombify-pg-"));
  await chmod(folder, mode);
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function start(dataDir: string, options: Partial<PostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await startPostgres({ dataDir, ephemeral: true, ...options });
  cleanups.push(() => server.stop());
  return server;
}

async function query(url: string, statement: string) {
  const sql = postgres(url, { max: 1, onnotice: () => undefined, connect_timeout: 2 });
  try {
    return await sql.unsafe(statement);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

const serverPid = async (dataDir: string): Promise<number> =>
  Number((await readFile(join(dataDir, "postmaster.pid"), "utf8")).split("\n")[0]);

/** Another process that owns the data folder and prints its server's address. */
async function startOwner(dataDir: string): Promise<{ child: ChildProcess; url: string }> {
  const code = `
    import { startPostgres } from "./index.ts";
    const server = await startPostgres({ dataDir: ${JSON.stringify(dataDir)}, ephemeral: true });
    process.stdout.write(server.superuserUrl + "\\n");
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", code], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "pipe", "inherit"],
  });
  cleanups.push(async () => child.kill("SIGKILL"));
  const [line] = await once(child.stdout as NodeJS.ReadableStream, "data");
  return { child, url: String(line).trim() };
}

test("data, password and port survive a restart", async () => {
  const dataDir = join(await temporaryFolder(), "data");
  expect(await findServer(dataDir, "postgres")).toBeNull();
  const first = await start(dataDir);
  expect(await findServer(dataDir, "postgres")).toBe(first.superuserUrl);
  await query(first.superuserUrl, "create table kept (n int); insert into kept values (42)");
  await first.stop();
  const second = await start(dataDir);
  expect(second.superuserUrl).toBe(first.superuserUrl);
  expect(await query(second.superuserUrl, "select n from kept")).toEqual([{ n: 42 }]);
});

test("the server speaks UTF-8, keeps UTC, listens on loopback only and asks for its generated password", async () => {
  const dataDir = join(await temporaryFolder(), "data");
  const server = await start(dataDir);
  const names = ["server_encoding", "TimeZone", "listen_addresses", "unix_socket_directories", "lc_collate"];
  const rows = await query(
    server.superuserUrl,
    `select current_setting('server_encoding') e, current_setting('TimeZone') z, current_setting('listen_addresses') l,
     current_setting('unix_socket_directories') u, datcollate c from pg_database where datname = 'postgres'`,
  );
  expect(Object.values(rows[0] ?? {}), names.join()).toEqual(["UTF8", "UTC", "127.0.0.1", "", "C.UTF-8"]);
  const wrong = Object.assign(new URL(server.superuserUrl), { password: "wrong" }).toString();
  await expect(query(wrong, "select 1")).rejects.toThrow("password authentication failed");
  expect((await stat(`${dataDir}.password`)).mode & 0o777).toBe(0o600);
});

test("a server that is killed is started again with its data", async () => {
  const dataDir = join(await temporaryFolder(), "data");
  const server = await start(dataDir, { ephemeral: false });
  await query(server.superuserUrl, "create table kept (n int); insert into kept values (1)");
  const killed = await serverPid(dataDir);
  process.kill(killed, "SIGKILL");
  await expect
    .poll(() => query(server.superuserUrl, "select n from kept").catch(() => []), { timeout: 15_000 })
    .toHaveLength(1);
  expect(await serverPid(dataDir)).not.toBe(killed);
});

test("a folder whose owner was killed is taken over, and the server left behind is stopped", async () => {
  const dataDir = join(await temporaryFolder(), "data");
  const owner = await startOwner(dataDir);
  await query(owner.url, "create table kept (n int)");
  const leftBehind = await serverPid(dataDir);
  owner.child.kill("SIGKILL");
  await once(owner.child, "exit");
  expect(await startOf(leftBehind)).not.toBeNull();
  const server = await start(dataDir);
  expect(await query(server.superuserUrl, "select n from kept")).toEqual([]);
  expect(await startOf(leftBehind)).toBeNull();
});

test("a second start while the owner lives is refused and names the owner", async () => {
  const dataDir = join(await temporaryFolder(), "data");
  const owner = await startOwner(dataDir);
  await expect(startPostgres({ dataDir, ephemeral: true })).rejects.toThrow(`in use by process ${owner.child.pid}`);
  await query(owner.url, "select 1");
  const own = join(await temporaryFolder(), "data");
  await start(own);
  await expect(startPostgres({ dataDir: own })).rejects.toThrow(`in use by process ${process.pid}`);
});

test("a lock of a process id that was used again keeps nobody out", async () => {
  const dataDir = join(await temporaryFolder(), "data");
  await writeFile(`${dataDir}.owner`, JSON.stringify({ pid: process.pid, start: "another boot/1" }));
  const server = await start(dataDir);
  await query(server.superuserUrl, "select 1");
});

test("it works in a folder that only its owner may enter", async () => {
  const dataDir = join(await temporaryFolder(0o700), "deep", "er", "data");
  const umask = process.umask(0o077);
  cleanups.push(async () => process.umask(umask));
  const server = await start(dataDir);
  await query(server.superuserUrl, "select 1");
});

test("a creation that was interrupted is begun anew", async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "data.new"), "half a cluster");
  const server = await start(join(folder, "data"));
  await query(server.superuserUrl, "select 1");
});

test("a remembered port that is taken is replaced, one that was asked for is refused by name", async () => {
  const blocker = createServer().listen(0, "127.0.0.1");
  await once(blocker, "listening");
  cleanups.push(async () => blocker.close());
  const address = blocker.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const dataDir = join(await temporaryFolder(), "data");
  await expect(startPostgres({ dataDir, ephemeral: true, port })).rejects.toThrow(`Port ${port}`);
  await writeFile(`${dataDir}.port`, String(port));
  const server = await start(dataDir);
  expect(server.port).not.toBe(port);
});

test("a lost password file is named, and the data is left alone", async () => {
  const dataDir = join(await temporaryFolder(), "data");
  await (await start(dataDir)).stop();
  await rm(`${dataDir}.password`);
  await expect(startPostgres({ dataDir })).rejects.toThrow("data.password is missing");
  expect((await stat(join(dataDir, "PG_VERSION"))).isFile()).toBe(true);
});

test("a database is created once", async () => {
  const server = await start(join(await temporaryFolder(), "data"));
  expect(await databaseExists(server.superuserUrl, "kombify")).toBe(false);
  expect(await createDatabase(server.superuserUrl, "kombify")).toBe(true);
  expect(await createDatabase(server.superuserUrl, "kombify")).toBe(false);
  await query(server.url("kombify"), "select 1");
});

test("as root, programs that others cannot reach are copied to a place that only root can write", async () => {
  const found = await findBinaries();
  const hidden = await temporaryFolder(0o700);
  await cp(join(found.native, "..", "package.json"), join(hidden, "package.json"));
  await cp(found.native, join(hidden, "native"), { recursive: true, verbatimSymlinks: true });
  const { binaries } = await chooseRunAs(binariesIn(join(hidden, "native")), hidden);
  if (process.getuid?.() !== 0) return expect(binaries.native).toBe(join(hidden, "native"));
  expect(binaries.native).not.toContain(hidden);
  for (const path of [binaries.native, binaries.postgres]) expect((await stat(path)).mode & 0o777).toBe(0o755);
  expect((await stat(binaries.native)).uid).toBe(0);
});
