import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processStart } from "@kombify/embedded-postgres";
import { afterEach, describe, expect, test } from "vitest";
import { findPocketBase, type PocketBaseOptions, type PocketBaseServer, startPocketBase } from "./index.ts";
import { createTestPocketBase, hasPocketBase } from "./testing.ts";

const cleanups: Array<() => unknown> = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "kombify-pb-"));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function start(dataDir: string, options: Partial<PocketBaseOptions> = {}): Promise<PocketBaseServer> {
  const server = await startPocketBase({ executable: await findPocketBase(), dataDir, ...options });
  cleanups.push(() => server.stop());
  return server;
}

async function signIn(url: string, superuser: { email: string; password: string }): Promise<string | null> {
  const answer = await fetch(`${url}/api/collections/_superusers/auth-with-password`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ identity: superuser.email, password: superuser.password }),
  });
  return answer.ok ? ((await answer.json()) as { token: string }).token : null;
}

async function collections({ url, superuser }: PocketBaseServer, create?: string): Promise<string[]> {
  const headers = { "content-type": "application/json", authorization: (await signIn(url, superuser)) ?? "" };
  const body = JSON.stringify({ name: create, type: "base", fields: [{ name: "n", type: "number" }] });
  if (create) expect((await fetch(`${url}/api/collections`, { method: "POST", headers, body })).status).toBe(200);
  const answer = await fetch(`${url}/api/collections?perPage=200`, { headers });
  return ((await answer.json()) as { items: Array<{ name: string }> }).items.map(({ name }) => name);
}

/** Another process that owns the folder and prints its PocketBase's pid. */
async function startOwner(dataDir: string): Promise<{ child: ChildProcess; pid: number }> {
  const code = `
    import { findPocketBase, startPocketBase } from "./index.ts";
    const server = await startPocketBase({ executable: await findPocketBase(), dataDir: ${JSON.stringify(dataDir)} });
    process.stdout.write(server.pid + "\\n");
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", code], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "pipe", "inherit"],
  });
  cleanups.push(() => child.kill("SIGKILL"));
  const [line] = await once(child.stdout as NodeJS.ReadableStream, "data");
  const pid = Number(String(line).trim());
  const begun = await processStart(pid);
  // What a killed owner leaves behind would go on in a folder that is gone.
  cleanups.push(async () => {
    if ((await processStart(pid)) === begun) process.kill(pid, "SIGKILL");
  });
  return { child, pid };
}

describe.skipIf(!hasPocketBase)("PocketBase beside the checkout", () => {
  test("data, password and port survive a restart, and nothing is written outside the folder's own files", async () => {
    const dataDir = await temporaryFolder();
    const first = await start(dataDir);
    expect(await collections(first, "kept")).toContain("kept");
    await first.stop();
    expect(await processStart(first.pid)).toBeNull();
    const second = await start(dataDir);
    expect([second.url, second.superuser]).toEqual([first.url, first.superuser]);
    expect(await collections(second)).toContain("kept");
    expect((await readdir(dataDir)).sort()).toEqual(["data", "data.owner", "pocketbase.pid", "port", "superuser.json"]);
  });

  test("the superuser's password is generated, kept for its owner only, and in no argument list", async () => {
    const dataDir = await temporaryFolder();
    const { superuser, url, pid } = await start(dataDir);
    const file = join(dataDir, "superuser.json");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(file, "utf8"))).toEqual(superuser);
    expect(superuser.password.length).toBeGreaterThanOrEqual(40);
    expect(await signIn(url, superuser)).not.toBeNull();
    if (process.platform === "linux")
      expect(await readFile(`/proc/${pid}/cmdline`, "utf8")).not.toContain(superuser.password);
  });

  test("a crash between writing the password down and setting it is healed by the next start", async () => {
    const dataDir = await temporaryFolder();
    const first = await start(dataDir);
    await collections(first, "kept");
    await first.stop();
    const crashed = { ...first.superuser, password: "written-down-and-never-set" };
    for (const content of [JSON.stringify(crashed), '{"email":"half']) {
      await writeFile(join(dataDir, "superuser.json"), content, { mode: 0o600 });
      const next = await start(dataDir);
      expect(next.superuser.password).not.toBe(crashed.password);
      expect(await collections(next)).toContain("kept");
      await next.stop();
    }
  });

  test("no token that makes a superuser is ever logged, not even when the data was taken away", async () => {
    const dataDir = await temporaryFolder();
    const lines: string[] = [];
    await (await start(dataDir, { log: (line) => lines.push(line) })).stop();
    await rm(join(dataDir, "data"), { recursive: true });
    const again = await start(dataDir, { log: (line) => lines.push(line) });
    expect(await signIn(again.url, again.superuser)).not.toBeNull();
    expect(lines.join("\n")).toContain("Server started");
    expect(lines.join("\n")).not.toMatch(/pbinstal|eyJ/);
  });

  test("a folder whose owner was killed is taken over, and the PocketBase left behind is stopped", async () => {
    const dataDir = await temporaryFolder();
    const owner = await startOwner(dataDir);
    owner.child.kill("SIGKILL");
    await once(owner.child, "exit");
    expect(await processStart(owner.pid)).not.toBeNull();
    const server = await start(dataDir);
    expect(await processStart(owner.pid)).toBeNull();
    expect(await signIn(server.url, server.superuser)).not.toBeNull();
  });

  test("a pid that was used again is nobody's PocketBase: the process is left alone", async () => {
    const dataDir = await temporaryFolder();
    const bystander = spawn(process.execPath, ["--eval", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    cleanups.push(() => bystander.kill("SIGKILL"));
    await writeFile(join(dataDir, "pocketbase.pid"), `${bystander.pid}\nanother boot/1\n`);
    await start(dataDir);
    expect(await processStart(bystander.pid as number)).not.toBeNull();
  });

  test("a second start in the same folder is refused and names the owner", async () => {
    const dataDir = await temporaryFolder();
    const owner = await startOwner(dataDir);
    await expect(start(dataDir)).rejects.toThrow(`in use by process ${owner.child.pid}`);
    const own = await temporaryFolder();
    await start(own);
    await expect(start(own)).rejects.toThrow(`in use by process ${process.pid}`);
  });

  test("a PocketBase that dies tells its owner, and one that cannot start says why and frees the folder", async () => {
    const dataDir = await temporaryFolder();
    const { promise, resolve } = Promise.withResolvers<string>();
    const server = await start(dataDir, { onExit: resolve });
    process.kill(server.pid, "SIGKILL");
    expect(await promise).toContain("SIGKILL");
    await server.stop();
    await writeFile(join(dataDir, "superuser.json"), "{}");
    await writeFile(join(dataDir, "data", "data.db"), "not a database ".repeat(500));
    await expect(start(dataDir)).rejects.toThrow(/cannot open .*not a database/i);
    await expect(access(join(dataDir, "data.owner"))).rejects.toThrow("ENOENT");
  });

  test("a port that was asked for and is taken is refused by name", async () => {
    const blocker = createServer().listen(0, "127.0.0.1");
    await once(blocker, "listening");
    cleanups.push(() => blocker.close());
    const address = blocker.address();
    const port = typeof address === "object" && address ? address.port : 0;
    await expect(start(await temporaryFolder(), { port })).rejects.toThrow(`Port ${port}, asked for PocketBase`);
  });

  test("a test's PocketBase is gone with its folder when it is dropped", async () => {
    const server = await createTestPocketBase();
    expect(await signIn(server.url, server.superuser)).not.toBeNull();
    await server.drop();
    expect(await processStart(server.pid)).toBeNull();
  });
});
