/** Fails when the schema in packages/db says something that no migration says: `drizzle-kit generate` must find nothing. */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const DB = fileURLToPath(new URL("../packages/db", import.meta.url));
const sqlFiles = async (folder: string) => (await readdir(folder)).filter((file) => file.endsWith(".sql")).sort();

// Inside the package, because drizzle-kit takes its output folder relative to where it runs.
const scratch = await mkdtemp(join(DB, ".migrations-"));
try {
  await cp(join(DB, "migrations"), scratch, { recursive: true });
  const before = await sqlFiles(scratch);
  const kit = join(DB, "node_modules", "drizzle-kit", "bin.cjs");
  const args = ["generate", "--dialect=postgresql", "--schema=./src/schema/index.ts", `--out=${relative(DB, scratch)}`];
  await promisify(execFile)(process.execPath, [kit, ...args], { cwd: DB });
  const added = (await sqlFiles(scratch)).filter((file) => !before.includes(file));
  if (added.length > 0) {
    process.stderr.write("The schema has changes that no migration holds. Run: pnpm --filter @kombify/db generate\n");
    process.exitCode = 1;
  }
} finally {
  await rm(scratch, { recursive: true, force: true });
}
