/** The whole system as `npm start` brings it up: own home, own ports, nothing shared with anybody's own kombify. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePorts } from "./ports.ts";
import { descendantsOf, isLiving, listProcesses, type Process, waitUntilGone } from "./processes.ts";
import { until } from "./until.ts";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Where a system lives. Enough to start it again with its data and addresses. */
export type Site = {
  home: string;
  ports: Record<(typeof PORT_SETTINGS)[number], number>;
  /** Further settings of the start. */
  settings: Record<string, string>;
};
const PORT_SETTINGS = [
  "CLOUD_PORT",
  "ADMIN_PORT",
  "AGENT_API_PORT",
  "STACK_PORT",
  "STACK_INTERNAL_PORT",
  "IDP_PORT",
] as const;

export type System = {
  site: Site;
  /** The process that was spawned: the way in, or the supervisor itself. */
  pid: number;
  /** The process that runs everything, as ready.json names it. */
  supervisorPid: number;
  cloudUrl: string;
  adminUrl: string;
  stackUrl: string;
  idpUrl: string;
  staff: { email: string; password: string };
};

const START_TIMEOUT_MS = 150_000;

/** A home in a folder of its own. Not private: the database server, which is not root, passes through it. */
export async function createSite(settings: Record<string, string> = {}): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), "kombify-e2e-"));
  await chmod(folder, 0o755);
  const ports = await freePorts(PORT_SETTINGS.length);
  const named = PORT_SETTINGS.map((setting, index) => [setting, ports[index]]);
  return { home: join(folder, "home"), ports: Object.fromEntries(named), settings };
}

export async function removeSite({ home }: Site): Promise<void> {
  await rm(join(home, ".."), { recursive: true, force: true });
}

const outputFile = ({ home }: Site): string => `${home}.log`;

/** What the start has printed so far, of this run and those before it. */
export const readOutput = (site: Site): Promise<string> => readFile(outputFile(site), "utf8");

/** Only what a shell has; nothing of the test runner's own. */
export function startEnvironment({ home, ports, settings }: Site): NodeJS.ProcessEnv {
  const named = Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)]));
  return { PATH: process.env.PATH, HOME: process.env.HOME, KOMBIFY_HOME: home, ...named, ...settings };
}

/** `npm start` from the way in, or its second half alone, which saves the look at the installed packages. */
const ENTRIES = { npm: ["scripts/bootstrap.mjs", "start"], supervisor: ["scripts/start.ts"] };
export type Entry = keyof typeof ENTRIES;

export async function spawnStart(site: Site, entry: Entry) {
  const log = await open(outputFile(site), "a");
  try {
    const child = spawn(process.execPath, ENTRIES[entry], {
      cwd: ROOT,
      env: startEnvironment(site),
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
    });
    await once(child, "spawn");
    child.unref();
    return child;
  } finally {
    await log.close();
  }
}

async function readJson(file: string): Promise<Record<string, string>> {
  return JSON.parse(await readFile(file, "utf8"));
}

/**
 * The system at a site, once it says that it is ready.
 * @param pid the process that was spawned.
 * @throws Error with what was printed when that process ends before.
 */
export async function attach(site: Site, pid: number): Promise<System> {
  const ready = await until(
    "ready.json is there",
    async () => (await readLivingReady(site)) ?? !(await isLiving(pid)),
    START_TIMEOUT_MS,
  );
  if (ready === true) throw new Error(`The system did not start:\n${await readOutput(site)}`);
  const { staffEmail, staffPassword } = await readJson(join(site.home, "credentials.json"));
  const { cloudUrl, adminUrl, stackUrl, idpUrl } = ready;
  return {
    site,
    pid,
    supervisorPid: Number(ready.pid),
    cloudUrl: cloudUrl!,
    adminUrl: adminUrl!,
    stackUrl: stackUrl!,
    idpUrl: idpUrl!,
    staff: { email: staffEmail!, password: staffPassword! },
  };
}

/** What ready.json says, unless it was left by a supervisor that was killed. */
async function readLivingReady(site: Site): Promise<Record<string, string> | null> {
  const ready = await readReady(site);
  return ready && (await isLiving(Number(ready.pid))) ? ready : null;
}

/** What ready.json says; null when there is none. */
export async function readReady({ home }: Site): Promise<Record<string, string> | null> {
  try {
    return await readJson(join(home, "ready.json"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

/** @throws Error with what was printed; nothing of a start that failed goes on running. */
export async function startSystem(site: Site, entry: Entry = "supervisor"): Promise<System> {
  const child = await spawnStart(site, entry);
  const pid = child.pid!;
  try {
    return await attach(site, pid);
  } catch (error) {
    if (await isLiving(pid)) process.kill(pid, "SIGINT");
    await waitUntilGone([pid]);
    throw error;
  }
}

const PARTS = {
  cloud: (command: string) => command.includes(join("apps", "cloud", "server.ts")),
  admin: (command: string) => command.includes(join("apps", "admin", "server.ts")),
  stack: (command: string) => command.includes(join("stack-agent", "src", "main.ts")),
};

/** The process id of one part, as it is now. */
export async function pidOf(system: System, part: keyof typeof PARTS): Promise<number> {
  return until(`${part} runs`, async () => {
    const children = (await descendantsOf(system.supervisorPid)).filter((each) => each.parent === system.supervisorPid);
    return children.find(({ command }) => PARTS[part](command))?.pid;
  });
}

/** Processes that belong to a site, whoever their parents are by now. */
export async function processesOf({ home }: Site): Promise<Process[]> {
  return (await listProcesses()).filter(({ command }) => command.includes(home));
}

/**
 * Asks the system to end, as Ctrl-C does, and waits until it has.
 * @throws Error naming every process that stayed.
 */
export async function stopSystem(system: System): Promise<void> {
  const { site, pid, supervisorPid } = system;
  const family = [pid, supervisorPid, ...(await descendantsOf(supervisorPid)).map((each) => each.pid)];
  if (await isLiving(pid)) process.kill(pid, "SIGINT");
  await waitUntilGone(family);
  const left = await processesOf(site);
  if (left.length > 0)
    throw new Error(`Processes were left over:\n${left.map((each) => `${each.pid} ${each.command}`).join("\n")}`);
}
