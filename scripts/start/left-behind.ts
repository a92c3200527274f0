/** After a kill of the supervisor its children stop by themselves, but not at once: the next start waits for them. */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { processStart } from "@kombify/embedded-postgres";
import { z } from "zod";

const recordSchema = z.object({ pid: z.number().int().positive(), start: z.string() });

const POLL_MS = 50;
/** They have requests to finish and a database to stop; after that they are ended. */
const PATIENCE_MS = 20_000;

const folderOf = (home: string): string => join(home, "run");

/** Writes down which process a child is. */
export async function recordChild(home: string, name: string, pid: number): Promise<void> {
  const start = await processStart(pid);
  if (start === null) return;
  await mkdir(folderOf(home), { recursive: true });
  await writeFile(join(folderOf(home), name), JSON.stringify({ pid, start }), { mode: 0o600 });
}

/** Waits until the children of an earlier start are gone, and ends those that do not go. */
export async function awaitLeftBehind(home: string): Promise<void> {
  await mkdir(folderOf(home), { recursive: true });
  const deadline = Date.now() + PATIENCE_MS;
  for (const name of await readdir(folderOf(home))) {
    const file = join(folderOf(home), name);
    const record = recordSchema.safeParse(JSON.parse((await readFile(file, "utf8")) || "null"));
    while (record.success && (await processStart(record.data.pid)) === record.data.start) {
      if (Date.now() > deadline) process.kill(record.data.pid, "SIGKILL");
      await delay(POLL_MS);
    }
    await rm(file);
  }
}
