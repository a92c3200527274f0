/** For tests: a PocketBase of their own. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findPocketBase } from "./find-pocketbase.ts";
import { type PocketBaseServer, startPocketBase } from "./start-pocketbase.ts";

/** Whether this run has a PocketBase; without one, tests are skipped and counted: `describe.skipIf(!hasPocketBase)`. */
export const hasPocketBase: boolean = Boolean(process.env.POCKETBASE_BIN);

/** A PocketBase in a temporary folder, empty but for its superuser. `drop` stops it and removes the folder. */
export async function createTestPocketBase(): Promise<PocketBaseServer & { drop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "kombify-pocketbase-"));
  const server = await startPocketBase({ executable: await findPocketBase(), dataDir: folder });
  const drop = async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { ...server, drop };
}
