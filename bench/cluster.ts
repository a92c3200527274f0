/** The PostgreSQL that everything is measured on: the embedded one, with its real settings for safety on disk. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "@kombify/db";
import { startPostgres } from "@kombify/embedded-postgres";
import postgres from "postgres";

export type ControlDatabase = {
  /** The owner's address: passes row-level security. */
  ownerUrl: string;
  /** The address of `kombify_web`, as web processes have it. */
  webUrl: string;
};

export type Cluster = {
  /** For logs and password files; removed at the end. */
  folder: string;
  superuserUrl: string;
  /** Makes an empty database and gives its owner's address. */
  createDatabase(name: string): Promise<string>;
  /** Makes a database with the control plane's tables, roles and policies. */
  createControlDatabase(name: string): Promise<ControlDatabase>;
  /** What has to stop before the folder is removed. */
  onStop(stop: () => Promise<void>): void;
  stop(): Promise<void>;
};

/** Starts a cluster in a new folder. Nothing of it is switched off: commits wait for the disk. */
export async function startCluster(): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), "kombify-bench-"));
  const server = await startPostgres({ dataDir: join(folder, "postgres") });
  const webPassword = randomBytes(24).toString("hex");
  const workerPassword = randomBytes(24).toString("hex");
  const createDatabase = async (name: string): Promise<string> => {
    const sql = postgres(server.superuserUrl, { max: 1 });
    try {
      await sql`create database ${sql(name)}`;
    } finally {
      await sql.end();
    }
    return server.url(name);
  };
  const stops: Array<() => Promise<void>> = [];
  return {
    folder,
    superuserUrl: server.superuserUrl,
    createDatabase,
    async createControlDatabase(name) {
      const ownerUrl = await createDatabase(name);
      const { web } = await migrate({ ownerUrl, webPassword, workerPassword });
      return { ownerUrl, webUrl: web };
    },
    onStop: (stop) => void stops.push(stop),
    async stop() {
      for (const stop of stops.toReversed()) await stop();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
