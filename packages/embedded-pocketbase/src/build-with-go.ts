import { execFile } from "node:child_process";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { homeFolder, openCache, POCKETBASE_VERSION } from "./cache-folder.ts";
import { isExecutable } from "./is-executable.ts";

/** The program that PocketBase's own releases are built from, with the JavaScript hooks. */
const PROGRAM = `github.com/pocketbase/pocketbase/examples/base@v${POCKETBASE_VERSION}`;
/** Where Go's installer puts it without touching PATH (go.dev/doc/install). */
const GO_FOLDER = "/usr/local/go/bin";
/** The first build compiles SQLite as well: minutes on a small machine. */
const TIMEOUT_MS = 20 * 60_000;

/** The `go` command of this machine, or null. */
export async function findGo(env: NodeJS.ProcessEnv): Promise<string | null> {
  for (const folder of [...(env.PATH ?? "").split(delimiter).filter(Boolean), GO_FOLDER])
    if (await isExecutable(join(folder, "go"))) return join(folder, "go");
  return null;
}

/**
 * Builds the program and puts it at `target`. Built aside and renamed when complete: processes that build at the same
 * time do not see each other's halves, and the last one wins with an equal program.
 * @throws Error with the last words of `go`.
 */
export async function buildWithGo(go: string, target: { folder: string; file: string }, env: NodeJS.ProcessEnv) {
  await openCache(target.folder);
  const draft = await mkdtemp(join(target.folder, ".build-"));
  try {
    const home = homeFolder(env) ?? tmpdir();
    await promisify(execFile)(go, ["install", PROGRAM], {
      cwd: draft,
      env: {
        ...env,
        HOME: home,
        CGO_ENABLED: "0",
        GOBIN: draft,
        GOOS: "",
        GOARCH: "",
        GOWORK: "off",
      },
      timeout: TIMEOUT_MS,
      maxBuffer: 64 * 1024 ** 2,
    });
    await rename(join(draft, "base"), target.file);
  } catch (error) {
    const words = error instanceof Error && "stderr" in error ? String(error.stderr).trim().split("\n").slice(-5) : [];
    throw new Error(`${go} cannot build it: ${words.join(" | ") || String(error)}`, { cause: error });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
