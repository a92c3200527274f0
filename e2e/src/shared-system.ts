/**
 * One system for all journeys of a run, since starting it costs seconds. The first journey that asks starts it; others
 * find it by a file, for each test file runs in a process of its own; the run's teardown ends it.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { isLiving } from "./processes.ts";
import { attach, createSite, removeSite, type Site, type System, startSystem, stopSystem } from "./system.ts";

/** Where the run writes down what it started. Set in the runner's main process, inherited by every worker. */
const RECORD = "KOMBIFY_E2E_RECORD";

export async function beginRun(): Promise<void> {
  process.env[RECORD] = join(await mkdtemp(join(tmpdir(), "kombify-e2e-run-")), "system.json");
}

function recordFile(): string {
  const file = process.env[RECORD];
  if (!file) throw new Error(`${RECORD} is not set: journeys run under the configuration of the repository's root.`);
  return file;
}

type Recorded = { site: Site; pid: number | null };

async function readRecord(file: string): Promise<Recorded | null> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

async function record(file: string, { site, pid }: Recorded): Promise<void> {
  await writeFile(file, JSON.stringify({ site, pid }), { mode: 0o600 });
}

/** The running system. One that a journey has stopped is started again, with its data. */
export async function sharedSystem(): Promise<System> {
  const file = recordFile();
  const known = await readRecord(file);
  if (known?.pid && (await isLiving(known.pid))) return attach(known.site, known.pid);
  const site = known?.site ?? (await createSite());
  // Written down before it starts, so that the end of the run removes it whatever happens.
  await record(file, { site, pid: null });
  const system = await startSystem(site);
  await record(file, system);
  return system;
}

/** Stops it as Ctrl-C does; {@link sharedSystem} starts it again. */
export async function stopSharedSystem(): Promise<void> {
  await stopSystem(await sharedSystem());
}

export async function endRun(): Promise<void> {
  const file = recordFile();
  const known = await readRecord(file);
  if (known?.pid && (await isLiving(known.pid))) await stopSystem(await attach(known.site, known.pid));
  if (known) await removeSite(known.site);
  await rm(dirname(file), { recursive: true, force: true });
}
