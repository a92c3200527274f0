import { join } from "node:path";
import { buildWithGo, findGo } from "./build-with-go.ts";
import { cacheFolder, isOurs, POCKETBASE_VERSION } from "./cache-folder.ts";
import { downloadRelease, RELEASES, readChecksum } from "./download-release.ts";
import { isExecutable } from "./is-executable.ts";
import { PocketBaseMissing } from "./missing.ts";

export type FindOptions = {
  /** `POCKETBASE_BIN`, `XDG_CACHE_HOME`, `HOME` and `PATH` are read; that of the process unless given. */
  env?: NodeJS.ProcessEnv;
  /** Hears what takes long. */
  say?: (line: string) => void;
  /** For tests: where releases are published. */
  releases?: string;
};

type Place = { folder: string; file: string };

function place(env: NodeJS.ProcessEnv): Place {
  const folder = cacheFolder(env);
  return { folder, file: join(folder, process.platform === "win32" ? "pocketbase.exe" : "pocketbase") };
}

/** The executable that is on this machine already; null when there is none. */
async function present(env: NodeJS.ProcessEnv): Promise<string | null> {
  if (env.POCKETBASE_BIN) {
    if (await isExecutable(env.POCKETBASE_BIN)) return env.POCKETBASE_BIN;
    throw new Error(
      `POCKETBASE_BIN is ${env.POCKETBASE_BIN}, which is not a file that can be run. Set it to an executable of PocketBase, or unset it.`,
    );
  }
  const { folder, file } = place(env);
  return (await isExecutable(file)) && (await isOurs(folder)) && (await isOurs(file)) ? file : null;
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * The path of a PocketBase: `POCKETBASE_BIN`, else the one in this machine's cache, which is filled first where it is
 * empty: built with Go, or the official release with its checksum verified.
 * @throws PocketBaseMissing when none can be had, saying every way to get one; Error when `POCKETBASE_BIN` is wrong.
 */
export async function findPocketBase(options: FindOptions = {}): Promise<string> {
  const { env = process.env, say = () => undefined, releases = RELEASES } = options;
  const found = await present(env);
  if (found) return found;
  const target = place(env);
  const tried: string[] = [];
  const go = await findGo(env);
  if (go) {
    say(`building PocketBase ${POCKETBASE_VERSION} with ${go}; this happens once and may take some minutes`);
    try {
      await buildWithGo(go, target, env);
      return target.file;
    } catch (error) {
      tried.push(reason(error));
    }
  } else tried.push("Go is not installed.");
  say(`downloading PocketBase ${POCKETBASE_VERSION}`);
  try {
    await downloadRelease(target, releases);
    return target.file;
  } catch (error) {
    tried.push(reason(error));
  }
  throw new PocketBaseMissing(tried);
}

/**
 * Where a PocketBase would come from, without building or downloading one: in this order, what `findPocketBase` does.
 * @throws as `findPocketBase`.
 */
export async function foreseePocketBase(
  options: FindOptions = {},
): Promise<{ from: "machine" | "go" | "download"; detail: string }> {
  const { env = process.env, releases = RELEASES } = options;
  const found = await present(env);
  if (found) return { from: "machine", detail: found };
  const go = await findGo(env);
  if (go) return { from: "go", detail: go };
  try {
    return { from: "download", detail: (await readChecksum(releases)).url };
  } catch (error) {
    throw new PocketBaseMissing(["Go is not installed.", reason(error)]);
  }
}
