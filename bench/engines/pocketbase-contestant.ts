import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { findPocketBase, startPocketBase } from "@kombify/embedded-pocketbase";
import { openPocketBaseEngine } from "@kombify/stack-agent/engine";
import type { Cluster } from "../cluster.ts";
import type { Contestant } from "./contestant.ts";

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The agent's PocketBase engine; each host is a PocketBase of its own. They end with the cluster. */
export const pocketbaseContestant = (cluster: Cluster, sizes: readonly number[]): Contestant => ({
  label: "PocketBase",
  sizes,
  async createHost(name) {
    const dataDir = join(cluster.folder, name);
    const server = await startPocketBase({ executable: await findPocketBase(), dataDir });
    cluster.onStop(() => server.stop());
    return {
      open: () => openPocketBaseEngine({ login: { url: server.url, ...server.superuser } }),
      processes: async () => [server.pid],
      diskUsage: () => sizeOf(join(dataDir, "data")),
    };
  },
});
