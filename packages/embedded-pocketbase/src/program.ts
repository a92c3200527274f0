import { join } from "node:path";

/** A PocketBase executable bound to one data folder: flags that keep it from reading or writing anything else. */
export type Program = { executable: string; dataDir: string; args: string[]; env: NodeJS.ProcessEnv };

/** The folders of hooks, migrations and static files are named and left absent: nothing of the data's origin is run. */
export function programIn(executable: string, dataDir: string): Program {
  const folders = { dir: "data", hooksDir: "hooks", migrationsDir: "migrations", publicDir: "public" };
  return {
    executable,
    dataDir,
    args: [
      ...Object.entries(folders).map(([flag, name]) => `--${flag}=${join(dataDir, name)}`),
      "--automigrate=false",
      "--hooksWatch=false",
      "--indexFallback=false",
      "--dev=false",
    ],
    // The environment is ours alone: PocketBase reads settings of its own and Go's from it.
    env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR, TZ: "UTC" },
  };
}
