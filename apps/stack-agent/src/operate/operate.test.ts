import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DesiredTenant } from "@kombify/agent-contract";
import { findServer } from "@kombify/embedded-postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AgentProcess, createAgentProcess } from "../../test/agent-process.ts";
import { desiredTenant } from "../../test/control-plane-double.ts";
import { furnish } from "../../test/test-host.ts";
import type { Engine } from "../engine/engine.ts";
import { openPostgresEngine } from "../engine/postgres/postgres-engine.ts";
import { provisionDatabase } from "../engine/postgres/provision-database.ts";
import { type NamespaceSum, sumOf } from "../engine/transfer.ts";

let agent: AgentProcess;
let tenant: DesiredTenant;
let file: string;
beforeAll(async () => {
  agent = await createAgentProcess("postgres");
  await agent.start();
  tenant = desiredTenant();
  await place(tenant);
  await onDatabase((engine) => furnish(engine, tenant.slug, { stacks: 100, nodesEach: 10 }));
  file = join(agent.home, "backup.ndjson");
});
afterAll(() => agent.drop());

async function place(...tenants: DesiredTenant[]): Promise<void> {
  const { controlPlane } = agent;
  controlPlane.publish({ tenants: [...controlPlane.document.tenants, ...tenants] });
  const { revision } = controlPlane.document;
  await controlPlane.reported(({ appliedRevision }) => appliedRevision >= revision);
}
/** Beside the agent, on its own database. */
async function onDatabase<T>(work: (engine: Engine) => Promise<T>): Promise<T> {
  const adminUrl = await findServer(`${agent.home}/postgres`, "stack");
  if (!adminUrl) throw new Error("There is no PostgreSQL.");
  const passwordFile = join(agent.home, "database-password");
  const url = await provisionDatabase({ adminUrl, role: "stack_agent", passwordFile });
  const engine = await openPostgresEngine({ url, rolePrefix: "ns_" });
  return await work(engine).finally(() => engine.close());
}
const sums = (slug = tenant.slug): Promise<NamespaceSum> => onDatabase((engine) => sumOf(engine.transfer(slug)));
const namespaces = () => onDatabase((engine) => engine.listNamespaces());

test("an export through the running agent is a file that only its owner can read, and the same to a pipe", async () => {
  const exported = await agent.command(["export", tenant.slug, "--out", file]);
  expect(exported).toMatchObject({ code: 0, stdout: "" });
  expect(exported.stderr).toContain("100 stacks, 1,000 nodes, 100 jobs, 100 files");
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await agent.command(["export", tenant.slug, "--out", file]), "a backup is not replaced").toMatchObject({
    code: 1,
    stderr: expect.stringContaining("is there already"),
  });
  const piped = await agent.command(["export", tenant.slug, "--out", "-"]);
  const body = (archive: string) => archive.slice(archive.indexOf("\n"));
  // The header has the time in it, and the manifest at the end a digest of the header.
  expect(body(piped.stdout).length).toBe(body(await readFile(file, "utf8")).length);
  expect((await readdir(agent.home)).filter((name) => name.includes(".part"))).toEqual([]);
  expect(await readdir(join(agent.home, "spool"))).toEqual([]);
});

test("the socket is its owner's alone, and a command says so when there is no such tenant", async () => {
  expect((await stat(join(agent.home, "control"))).mode & 0o777).toBe(0o700);
  const failed = await agent.command(["export", "nobody"]);
  expect(failed).toMatchObject({ code: 1, stderr: "There is no tenant nobody on this host." });
});

test("an agent that is killed at any step of an import leaves the tenant whole, and the next try restores it", async () => {
  const old = await sums();
  const other = desiredTenant();
  await place(other);
  await onDatabase((engine) => furnish(engine, other.slug, { stacks: 50, nodesEach: 20 }));
  const archive = join(agent.home, "other.ndjson");
  await agent.command(["export", other.slug, "--out", archive]);
  const next = await sums(other.slug);
  for (const at of ["unpacked", "comparing", "putting"]) {
    let isKilled = false;
    const outcome = await agent.command(["import", archive, "--as", tenant.slug, "--replace"], (line) => {
      if (!line.startsWith(at) || isKilled) return;
      isKilled = true;
      void agent.stop("SIGKILL");
    });
    expect(isKilled, at).toBe(true);
    await agent.start();
    const now = await sums();
    if (outcome.code === 0 || at === "putting") expect([old, next]).toContainEqual(now);
    else expect(now, at).toEqual(old);
    expect((await namespaces()).sort(), "nothing is left beside").toEqual([tenant.slug, other.slug].sort());
  }
  expect((await agent.command(["import", archive, "--as", tenant.slug, "--replace"])).code).toBe(0);
  expect(await sums()).toEqual(next);
  const back = await agent.command(["import", file, "--replace"]);
  expect(back.stderr).toContain("Whoever was signed in launches again.");
  expect(await sums()).toEqual(old);
}, 240_000);

test("Ctrl-C during an import leaves the tenant as it was", async () => {
  const before = await sums();
  const stopped = await agent.command(["import", file, "--replace"], (line, child) => {
    if (line.startsWith("unpacked")) child.kill("SIGINT");
  });
  expect(stopped.code).toBe(1);
  expect(stopped.stderr).toContain("Stopped.");
  await expect.poll(namespaces).not.toContainEqual(expect.stringMatching(/^z.{19}$/));
  expect(await sums()).toEqual(before);
});

test("without an agent the same commands open the home themselves", async () => {
  const before = await sums();
  await agent.stop();
  await writeFile(join(agent.home, "broken.ndjson"), (await readFile(file)).subarray(0, -500));
  expect(await agent.command(["import", "broken.ndjson", "--replace"])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("Nothing was changed."),
  });
  const again = join(agent.home, "again.ndjson");
  expect((await agent.command(["export", tenant.slug, "--out", again])).code).toBe(0);
  expect((await agent.command(["import", again, "--tenant", tenant.slug, "--replace"])).code).toBe(0);
  await agent.start();
  expect(await sums()).toEqual(before);
}, 120_000);
