/** One PostgreSQL for the whole run; test files clone their databases in it (see @kombify/db/testing). */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgres } from "@kombify/embedded-postgres";

/** Starts it, unless there is one. @returns what stops it. */
export default async function setup(): Promise<() => Promise<void>> {
  if (process.env.KOMBIFY_TEST_DATABASE_URL) return async () => undefined;
  const folder = await mkdtemp(join(tmpdir(), "kombify-test-"));
  const server = await startPostgres({
    dataDir: join(folder, "postgres"),
    ephemeral: true,
    settings: { max_connections: "400" },
  });
  process.env.KOMBIFY_TEST_DATABASE_URL = server.superuserUrl;
  return async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
}
