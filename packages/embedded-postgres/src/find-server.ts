import { readFile } from "node:fs/promises";

async function readIfThere(file: string): Promise<string | null> {
  try {
    return (await readFile(file, "utf8")).trim() || null;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

/**
 * The superuser's address of a database on the server that another process runs on this data folder, for tools beside
 * it. Null when no server was ever started there; whether one runs now shows when connecting.
 */
export async function findServer(dataDir: string, database: string): Promise<string | null> {
  const [password, port] = await Promise.all([readIfThere(`${dataDir}.password`), readIfThere(`${dataDir}.port`)]);
  return password && port ? `postgres://postgres:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}` : null;
}
