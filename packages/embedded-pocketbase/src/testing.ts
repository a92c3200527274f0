/** For tests: a PocketBase of their own. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findPocketBase } from "./find-pocketbase.ts";
import { type PocketBaseServer, startPocketBase } from "./start-pocketbase.ts";

/** Whether this run has a PocketBase; without one, tests are skipped and counted: `describe.skipIf(!hasPocketBase)`. */
export const hasPocketBase: boolean = Boolean(process.env.POCKETBASE_BIN);

export type TestPocketBase = PocketBaseServer & {
  /** Its folder; PocketBase's own is `data` in it. */
  dataDir: string;
  /** Stops it and removes the folder. */
  drop(): Promise<void>;
};

/** A PocketBase in a temporary folder, empty but for its superuser. */
export async function createTestPocketBase(): Promise<TestPocketBase> {
  const dataDir = await mkdtemp(join(tmpdir(), "kombify-pocketbase-"));
  const server = await startPocketBase({ executable: await findPocketBase(), dataDir });
  const drop = async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  return { ...server, dataDir, drop };
}
