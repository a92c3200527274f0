import { randomUUID } from "node:crypto";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { startOf } from "./process-identity.ts";

type Owner = { pid: number; start: string };

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;

async function readOwner(file: string): Promise<Owner | null> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    if (hasCode(error, "ENOENT") || error instanceof SyntaxError) return null;
    throw error;
  }
}

async function isLiving(owner: Owner): Promise<boolean> {
  return (await startOf(owner.pid)) === owner.start;
}

const databaseInUse = (dataDir: string, pid: number): string =>
  `The database in ${dataDir} is in use by process ${pid}. Stop that process, or use another folder ` +
  "(for `npm start`: another KOMBIFY_HOME).";

/**
 * Makes this process the only one that may use a folder. The lock `<folder>.owner` names pid and start time, so that
 * neither a crash nor a pid that was used again keeps anybody out.
 * @param inUse what to tell a second process.
 * @returns a function that gives the lock back.
 * @throws Error naming the process that holds it.
 */
export async function takeOwnership(
  folder: string,
  inUse: (folder: string, pid: number) => string = databaseInUse,
): Promise<() => Promise<void>> {
  const file = `${folder}.owner`;
  const start = await startOf(process.pid);
  if (start === null) throw new Error(`The start time of process ${process.pid} cannot be read.`);
  const mine = JSON.stringify({ pid: process.pid, start } satisfies Owner);
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, mine, { mode: 0o600 });
  try {
    for (;;) {
      try {
        // A link appears whole or not at all: nobody reads half a lock.
        await link(draft, file);
        return () => rm(file, { force: true });
      } catch (error) {
        if (!hasCode(error, "EEXIST")) throw error;
      }
      const owner = await readOwner(file);
      if (owner && (await isLiving(owner))) throw new Error(inUse(folder, owner.pid));
      await setAside(file, owner, (pid) => new Error(inUse(folder, pid)));
    }
  } finally {
    await rm(draft, { force: true });
  }
}

/** Takes a dead owner's lock away, unless another process replaced it by its own in the meantime. */
async function setAside(file: string, seen: Owner | null, refusal: (pid: number) => Error): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    throw error;
  }
  const moved = await readOwner(aside);
  if (moved && moved.start !== seen?.start && (await isLiving(moved))) {
    await rename(aside, file);
    throw refusal(moved.pid);
  }
  await rm(aside, { force: true });
}
