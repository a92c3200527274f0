import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type Child, startChild } from "./children.ts";
import { takeHome } from "./home.ts";
import { checkPorts } from "./ready.ts";
import { readSettings } from "./settings.ts";

const cleanups: Array<() => unknown> = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "kombify-children-"));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function start(code: string): Promise<{ child: Child; logFile: string; said: string[]; pids: number[] }> {
  const folder = await temporaryFolder();
  const logFile = join(folder, "part.log");
  const said: string[] = [];
  const pids: number[] = [];
  const child = await startChild({
    name: "part",
    args: ["--eval", code],
    cwd: folder,
    env: {},
    logFile,
    onSpawn: async (pid) => void pids.push(pid),
    say: (line) => said.push(line),
  });
  cleanups.push(() => child.stop());
  return { child, logFile, said, pids };
}

test("a child that dies before it was ready is reported with the end of its log, and not started again", async () => {
  const { child, pids } = await start("console.log('no database here'); process.exit(3)");
  await expect(child.died).rejects.toThrow(/part ended by itself \(exit code 3\)[\s\S]*no database here/);
  expect(pids).toHaveLength(1);
});

test("a child that is killed later is started again, and said so plainly", async () => {
  const { child, said, pids } = await start("console.log('up'); setInterval(() => {}, 1000)");
  child.declareReady();
  process.kill(pids[0] ?? 0, "SIGKILL");
  await expect.poll(() => said.at(-1), { timeout: 10_000 }).toBe("part runs again");
  expect(said[0]).toMatch(/part ended by itself \(SIGKILL\)[\s\S]*started again in 0.5 s/);
  expect(pids).toHaveLength(2);
});

test("a child that is stopped is asked first, and stays stopped", async () => {
  const code =
    "process.on('SIGTERM', () => { console.log('bye'); process.exit(0); }); console.log('up'); setInterval(() => {}, 1000)";
  const { child, logFile, said } = await start(code);
  child.declareReady();
  await expect.poll(() => readFile(logFile, "utf8")).toContain("up");
  await child.stop();
  expect(await readFile(logFile, "utf8")).toContain("bye");
  expect(said).toEqual([]);
});

test("a port that is taken is named with the setting that changes it", async () => {
  const blocker = createServer().listen(0, "127.0.0.1");
  await once(blocker, "listening");
  cleanups.push(() => blocker.close());
  const address = blocker.address();
  const port = typeof address === "object" && address ? address.port : 0;
  await expect(checkPorts(readSettings({ STACK_PORT: String(port) }))).rejects.toThrow(
    `Port ${port} is taken. Stop what uses it, or set STACK_PORT.`,
  );
  const same = readSettings({ CLOUD_PORT: "4000", ADMIN_PORT: "4000" });
  await expect(checkPorts(same)).rejects.toThrow("CLOUD_PORT and ADMIN_PORT are both 4000");
});

test("a home is taken by one supervisor at a time", async () => {
  const home = join(await temporaryFolder(), "home");
  const release = await takeHome(home);
  await expect(takeHome(home)).rejects.toThrow(`kombify already runs in ${home} (process ${process.pid})`);
  await release();
  await (await takeHome(home))();
});
