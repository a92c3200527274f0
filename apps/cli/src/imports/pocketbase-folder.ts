/** The data folder of a PocketBase that does not run, opened on a copy: the original is never written. */
import { cp, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { findPocketBase, PocketBaseMissing, startPocketBase } from "@kombify/embedded-pocketbase";
import { CommandError } from "../control-plane.ts";

const DATABASE = ["data.db", "data.db-wal"];
/** What an import does not read, and what can be large. */
const LEFT_OUT = new Set(["storage", "backups", ".autocert_cache"]);

const stateOf = async (folder: string): Promise<string> =>
  (await Promise.all(DATABASE.map((name) => stat(join(folder, name)).catch(() => null))))
    .map((file) => `${file?.mtimeMs} ${file?.size}`)
    .join();

async function copyData(folder: string, target: string): Promise<void> {
  const before = await stateOf(folder);
  await cp(folder, target, {
    recursive: true,
    filter: (path) => !LEFT_OUT.has(basename(path)) || resolve(path) === folder,
  });
  if ((await stateOf(folder)) !== before)
    throw new CommandError(`${folder} is being written. Stop its PocketBase first, or read from it with --url.`);
}

/**
 * Starts a PocketBase on a copy of `pb_data` (or of the folder that holds it).
 * @throws CommandError when the folder holds no data, is being written, or cannot be opened.
 */
export async function startOnCopy(
  dir: string,
  say: (line: string) => void,
): Promise<{ url: string; superuser: { email: string; password: string }; close(): Promise<void> }> {
  const candidates = [resolve(dir), resolve(dir, "pb_data")];
  const isData = await Promise.all(
    candidates.map((folder) =>
      stat(join(folder, "data.db")).then(
        () => true,
        () => false,
      ),
    ),
  );
  const folder = candidates[isData.indexOf(true)];
  if (!folder)
    throw new CommandError(`${resolve(dir)} holds no data.db. Give the pb_data folder of the old Admin center.`);
  const scratch = await mkdtemp(join(tmpdir(), "kombify-import-"));
  try {
    const executable = await findPocketBase({ say });
    await copyData(folder, join(scratch, "data"));
    const server = await startPocketBase({ executable, dataDir: scratch });
    const close = () => server.stop().finally(() => rm(scratch, { recursive: true, force: true }));
    return { url: server.url, superuser: server.superuser, close };
  } catch (error) {
    await rm(scratch, { recursive: true, force: true });
    if (error instanceof PocketBaseMissing) throw new CommandError(error.message);
    if (error instanceof Error && error.message.startsWith("PocketBase")) throw new CommandError(error.message);
    throw error;
  }
}
