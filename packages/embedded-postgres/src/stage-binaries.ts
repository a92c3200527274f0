/**
 * PostgreSQL's programs look for themselves with access(2), which ignores capabilities: the unprivileged user must be
 * able to walk to them. Where a checkout lies under a folder of mode 0700 or was unpacked with a umask of 077, they are
 * therefore copied once to a place that everybody may read and only root may write.
 */
import { chmod, cp, lstat, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Binaries, binariesIn } from "./binaries.ts";

/** Where a system keeps the state of its services (Filesystem Hierarchy Standard), else the temporary folder. */
const places = (): string[] => ["/var/lib/kombify", join(tmpdir(), "kombify-programs")];

/** Nobody but root could have put something there. */
async function isOursAlone(folder: string): Promise<boolean> {
  const { uid, mode } = await lstat(folder);
  return uid === 0 && (mode & 0o022) === 0 && (mode & 0o170000) === 0o040000;
}

async function openForReading(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const isProgram = entry.isDirectory() || entry.parentPath === join(folder, "bin");
    await chmod(path, isProgram ? 0o755 : 0o644);
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

async function stageIn(place: string, name: string, native: string): Promise<string> {
  await mkdir(place, { recursive: true });
  if (!(await isOursAlone(place))) throw new Error(`${place} belongs to somebody else or can be written by others.`);
  await chmod(place, 0o755);
  const target = join(place, name);
  if (await exists(target)) return target;
  const draft = `${target}.${process.pid}`;
  await cp(native, draft, { recursive: true, verbatimSymlinks: true });
  await openForReading(draft);
  try {
    await rename(draft, target);
  } catch (error) {
    // Another process was quicker; its copy is as good as ours.
    await rm(draft, { recursive: true, force: true });
    if (!(await exists(target))) throw error;
  }
  return target;
}

/**
 * A copy of the programs that every user can reach. Only for root.
 * @throws Error naming the places that cannot be used.
 */
export async function stageBinaries({ native }: Binaries): Promise<Binaries> {
  const { version } = JSON.parse(await readFile(join(native, "..", "package.json"), "utf8"));
  const failures: string[] = [];
  for (const place of places())
    try {
      return binariesIn(await stageIn(place, `postgresql-${version}`, native));
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  throw new Error(`PostgreSQL's programs lie where only root can go, and cannot be copied: ${failures.join("; ")}`);
}
