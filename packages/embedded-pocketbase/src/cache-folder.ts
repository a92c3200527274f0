import { mkdir, stat } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

/** The version that kombify is tested with. */
export const POCKETBASE_VERSION = "0.39.11";

/** The home of this user: HOME may be unset or empty (services), and a user need not exist by name (containers). */
export function homeFolder(env: NodeJS.ProcessEnv): string | null {
  if (env.HOME) return env.HOME;
  try {
    return userInfo().homedir || null;
  } catch {
    // The uid has no entry in the user database.
    return null;
  }
}

/** Where this machine keeps its PocketBase (XDG Base Directory Specification), else a folder of our own among temporary ones. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  const home = homeFolder(env);
  const ours = home ? join(home, ".cache") : join(tmpdir(), `kombify-cache-${process.getuid?.() ?? "user"}`);
  return join(env.XDG_CACHE_HOME || ours, "kombify", "pocketbase", POCKETBASE_VERSION);
}

/**
 * Creates the folder, for ourselves only.
 * @throws Error when it belongs to somebody else, who could put any program there.
 */
export async function openCache(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (!(await isOurs(folder)))
    throw new Error(`${folder} belongs to another user. Set XDG_CACHE_HOME to one of yours.`);
}

/** Whether nobody but we, or root, can have put something there. */
export async function isOurs(path: string): Promise<boolean> {
  const { uid, mode } = await stat(path);
  return process.getuid === undefined || ((uid === process.getuid() || uid === 0) && (mode & 0o002) === 0);
}
