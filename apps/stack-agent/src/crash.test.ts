import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { UpgradeReport } from "@kombify/agent-contract";
import { findServer } from "@kombify/embedded-postgres";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ControlPlaneDouble, desiredTenant, startControlPlaneDouble } from "../test/control-plane-double.ts";
import { bundleOf, documentOf, flagOf } from "../test/flags.ts";
import { freePort } from "../test/test-agent.ts";
import { CURRENT_DEFINITION } from "./engine/collections.ts";

const MAIN = new URL("./main.ts", import.meta.url).pathname;
let controlPlane: ControlPlaneDouble;
let home: string;
let environment: NodeJS.ProcessEnv;
let child: ChildProcess | undefined;
beforeAll(async () => {
  controlPlane = await startControlPlaneDouble();
  home = await mkdtemp(join(tmpdir(), "kombify-crash-"));
  const ports = { STACK_PORT: String(await freePort()), STACK_INTERNAL_PORT: String(await freePort()) };
  environment = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    KOMBIFY_AGENT_HOME: home,
    LOG_LEVEL: "error",
    ...ports,
  };
});
afterAll(async () => {
  if (child) await stop("SIGTERM");
  await controlPlane.stop();
  await rm(home, { recursive: true, force: true });
});

/** Runs the agent's own command line as a process of its own. */
function run(...args: string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], { env: environment, stdio: ["ignore", "pipe", "inherit"] });
}
async function stop(signal: NodeJS.Signals): Promise<void> {
  const exited = child && once(child, "exit");
  child?.kill(signal);
  await exited;
  child = undefined;
}

test("an agent that is killed in the middle of creating namespaces completes them, nothing twice", async () => {
  const join = run("join", controlPlane.joinToken, "--control-plane", controlPlane.url);
  expect(await once(join, "exit")).toEqual([0, null]);
  const again = run("join", controlPlane.joinToken, "--control-plane", controlPlane.url);
  expect(await once(again, "exit"), "the same command pasted twice").toEqual([0, null]);

  child = run("start");
  await controlPlane.reported(({ appliedRevision }) => appliedRevision === 1);
  const tenants = Array.from({ length: 40 }, () => desiredTenant());
  controlPlane.publish({ tenants });
  await controlPlane.reported((report) => report.tenants.some(({ state }) => state === "creating"));
  await stop("SIGKILL");
  const before = controlPlane.reports.at(-1)?.tenants.filter(({ state }) => state === "ready") ?? [];
  expect(before.length).toBeLessThan(tenants.length);

  child = run("start");
  await controlPlane.reported(
    ({ appliedRevision, bootEpoch }) => appliedRevision === 2 && bootEpoch > (controlPlane.reports[0]?.bootEpoch ?? 0),
  );
  const last = controlPlane.reports.at(-1);
  expect(last?.tenants.map(({ state }) => state)).toEqual(Array(tenants.length).fill("ready"));
  expect(last?.orphans).toEqual([]);

  const sql = postgres((await findServer(`${home}/postgres`, "stack")) ?? "", { max: 1 });
  const tables = await sql`select split_part(tablename, '_', 2) as slug, count(*)::int as count from pg_tables
    where schemaname = 'stack' and not starts_with(tablename, '_') group by 1 order by 1`;
  expect(tables.map(({ slug, count }) => [slug, count])).toEqual(tenants.map(({ slug }) => [slug, 4]).sort());
  const roles = await sql`select from pg_roles where starts_with(rolname, 'ns_t')`;
  expect(roles).toHaveLength(tenants.length);
  await sql.end();
}, 90_000);

test("an agent that is killed in the middle of upgrading goes on with those that are left, each of them whole", async () => {
  const sql = postgres((await findServer(`${home}/postgres`, "stack")) ?? "", { max: 1 });
  const tables = (await sql`select tablename as name from pg_tables
    where schemaname = 'stack' and not starts_with(tablename, '_')`) as unknown as { name: string }[];
  // As the version before had them.
  await sql.unsafe(tables.map(({ name }) => `alter table stack.${name} drop column extra`).join(";")).simple();
  await sql`update stack._tenants set namespace_version = namespace_version - 1`;
  await sql.end();
  await stop("SIGKILL");

  const upgradeAfter = (boot: number, fits: (upgrade: UpgradeReport) => boolean) =>
    controlPlane.reported(({ bootEpoch, upgrade }) => bootEpoch > boot && upgrade !== undefined && fits(upgrade));
  const bootOfLast = () => controlPlane.reports.at(-1)?.bootEpoch ?? 0;
  const firstBoot = bootOfLast();
  child = run("start");
  const middle = await upgradeAfter(firstBoot, ({ done }) => done >= 3);
  await stop("SIGKILL");
  expect(middle.upgrade).not.toHaveProperty("finishedAt");

  const secondBoot = bootOfLast();
  child = run("start");
  const { upgrade, tenants } = await upgradeAfter(secondBoot, ({ finishedAt }) => finishedAt !== undefined);
  expect(upgrade).toMatchObject({ done: upgrade?.total, quarantined: 0 });
  expect((middle.upgrade?.done ?? 0) + (upgrade?.done ?? 0)).toBeLessThanOrEqual(tenants.length);
  expect(tenants.every(({ namespaceVersion }) => namespaceVersion === CURRENT_DEFINITION.version)).toBe(true);
  const after = postgres((await findServer(`${home}/postgres`, "stack")) ?? "", { max: 1 });
  const [whole] = await after`select count(*)::int as count from pg_attribute join pg_class c on c.oid = attrelid
    where c.relnamespace = 'stack'::regnamespace and c.relkind = 'r' and attname = 'extra' and not attisdropped`;
  await after.end();
  expect(whole?.count).toBe(tables.length);
}, 120_000);

test("an agent that is killed while it takes flags has the old ones or the new ones, whole", async () => {
  const { tenants } = controlPlane.document;
  const bundleAt = (revision: number) =>
    bundleOf(
      tenants.map((tenant, i) =>
        documentOf(tenant, revision, { [`flag-${i % 7}`]: flagOf("on", { metadata: { revision, i: i % 7 } }) }),
      ),
    );
  const flagsAfter = async (boot: number) => {
    const report = await controlPlane.reported(
      ({ bootEpoch, tenants: told }) => bootEpoch > boot && told.filter(({ flags }) => flags).length === tenants.length,
    );
    expect(report.tenants.flatMap(({ flags }) => flags?.error ?? [])).toEqual([]);
    const revisions = new Set(report.tenants.map(({ flags }) => flags?.revision ?? 0));
    expect(revisions.size, "one transaction").toBe(1);
    return [...revisions][0] ?? 0;
  };
  controlPlane.publishFlags(bundleAt(1));
  await controlPlane.reported(
    (report) => report.tenants.filter(({ flags }) => flags?.revision === 1).length === tenants.length,
  );
  for (let [round, known] = [0, 1]; round < 3; round++) {
    const next = known + 1;
    const pulls = controlPlane.flagPulls.length;
    controlPlane.publishFlags(bundleAt(next));
    await expect.poll(() => controlPlane.flagPulls.length, { interval: 1 }).toBeGreaterThan(pulls);
    // At another moment of the work each time.
    await setTimeout(round * 12);
    await stop("SIGKILL");
    // What it says after it has started again is what it has stored.
    controlPlane.answerFlags = undefined;
    const boot = controlPlane.reports.at(-1)?.bootEpoch ?? 0;
    child = run("start");
    const found = await flagsAfter(boot);
    expect([known, next]).toContain(found);
    known = found;
  }
}, 120_000);

test("a second agent in the same home is refused with the process that holds it", async () => {
  const second = spawn(process.execPath, [MAIN, "join", "x", "--control-plane", controlPlane.url], {
    env: environment,
  });
  const [[output], [code]] = await Promise.all([once(second.stderr, "data"), once(second, "exit")]);
  expect(String(output)).toContain(`process ${child?.pid}`);
  expect(code).toBe(1);
});

test("the agent stops cleanly when asked to", async () => {
  const exited = once(child as ChildProcess, "exit");
  child?.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
  child = undefined;
}, 40_000);

test("a home that never joined says what to do", async () => {
  const empty = await mkdtemp(join(tmpdir(), "kombify-empty-"));
  const lonely = spawn(process.execPath, [MAIN, "start"], { env: { ...environment, KOMBIFY_AGENT_HOME: empty } });
  const chunks: Buffer[] = [];
  lonely.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  lonely.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
  const [code] = await once(lonely, "exit");
  expect(code).toBe(1);
  expect(Buffer.concat(chunks).toString()).toContain("paste the join command");
  await rm(empty, { recursive: true });
});
