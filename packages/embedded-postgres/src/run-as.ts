/**
 * PostgreSQL refuses to run as root. Started by root, its programs run as an unprivileged user who need not exist by
 * name. That user cannot enter folders of mode 0700 such as /root; for data there the programs get one capability, to
 * read and to search, and nothing else of root's (capabilities(7)).
 */
import { execFile } from "node:child_process";
import { lchown, readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Binaries } from "./binaries.ts";
import { stageBinaries } from "./stage-binaries.ts";

/** `nobody` on every Linux and the overflow uid of the kernel. */
const UNPRIVILEGED_ID = 65534;

/** How to start a PostgreSQL program; `owner` is the user to whom its files must belong, null for ourselves. */
export type RunAs = {
  owner: number | null;
  command(program: string, args: string[]): { file: string; args: string[]; uid?: number; gid?: number };
};

const mayOthers = async (path: string, bits: number): Promise<boolean> => ((await stat(path)).mode & bits) === bits;

/** Whether somebody who owns nothing of it can walk down to this folder. */
async function isTraversable(folder: string): Promise<boolean> {
  for (let at = folder; ; at = dirname(at)) {
    if (!(await mayOthers(at, 0o001))) return false;
    if (at === dirname(at)) return true;
  }
}

/** Whether the programs can be run and their files read by somebody who owns nothing of them. */
async function isOpenToOthers({ native, initdb, postgres }: Binaries): Promise<boolean> {
  // One file of each folder speaks for the folder: one umask was in force when they were unpacked.
  const lib = join(native, "lib");
  const share = join(native, "share", "postgresql");
  for (const folder of [dirname(postgres), lib, share]) if (!(await isTraversable(folder))) return false;
  const libraries = (await readdir(lib)).filter((name) => name.startsWith("libpq.so")).map((name) => join(lib, name));
  for (const file of [join(share, "postgres.bki"), ...libraries]) if (!(await mayOthers(file, 0o004))) return false;
  return (await mayOthers(initdb, 0o005)) && (await mayOthers(postgres, 0o005));
}

/** Capability numbers of linux/capability.h. Docker's default set lacks the first one. */
const READ_CAPABILITIES = [
  { name: "dac_read_search", bit: 2n },
  { name: "dac_override", bit: 1n },
] as const;

async function usableCapability(): Promise<string | null> {
  const status = await readFile("/proc/self/status", "utf8");
  const bounding = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  return READ_CAPABILITIES.find(({ bit }) => (bounding >> bit) & 1n)?.name ?? null;
}

async function hasSetpriv(): Promise<boolean> {
  return promisify(execFile)("setpriv", ["--version"]).then(
    () => true,
    () => false,
  );
}

/**
 * Decides as whom PostgreSQL runs, and which copy of its programs.
 * @param parentOfData the folder in which the data folder lies.
 * @throws Error when we are root and the unprivileged user can reach the files in no way, saying what to do.
 */
export async function chooseRunAs(
  found: Binaries,
  parentOfData: string,
): Promise<{ runAs: RunAs; binaries: Binaries }> {
  if (process.getuid?.() !== 0)
    return { binaries: found, runAs: { owner: null, command: (file, args) => ({ file, args }) } };
  const binaries = (await isOpenToOthers(found)) ? found : await stageBinaries(found);
  const id = UNPRIVILEGED_ID;
  if (await isTraversable(parentOfData))
    return { binaries, runAs: { owner: id, command: (file, args) => ({ file, args, uid: id, gid: id }) } };
  const capability = (await hasSetpriv()) ? await usableCapability() : null;
  if (!capability)
    throw new Error(
      `PostgreSQL does not run as root, and user ${id} cannot enter ${parentOfData}. ` +
        "Use a folder that others may enter (chmod o+x), start as another user, or set DATABASE_URL.",
    );
  const caps = [`--inh-caps=+${capability}`, `--ambient-caps=+${capability}`];
  const drop = [`--reuid=${id}`, `--regid=${id}`, "--clear-groups", ...caps, "--"];
  return {
    binaries,
    runAs: { owner: id, command: (file, args) => ({ file: "setpriv", args: [...drop, file, ...args] }) },
  };
}

/** Gives a file or folder to the user as whom PostgreSQL runs. */
export async function giveTo(runAs: RunAs, path: string): Promise<void> {
  if (runAs.owner !== null) await lchown(path, runAs.owner, runAs.owner);
}
