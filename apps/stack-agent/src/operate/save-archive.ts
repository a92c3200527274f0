import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { access, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { ServiceError } from "@kombify/agent-contract";
import { syncFolder } from "../durable-file.ts";

async function toPipe(archive: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of archive) if (!process.stdout.write(chunk)) await once(process.stdout, "drain");
}

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

/**
 * Writes an archive to a file, mode 0600, which is there under its name only when it is complete and on the disk.
 * @param file `-` for standard output.
 * @throws ServiceError CONFLICT when there is such a file: a backup is not replaced by the next one.
 */
export async function saveArchive(file: string, archive: AsyncIterable<Uint8Array>): Promise<void> {
  if (file === "-") return await toPipe(archive);
  if (await isThere(file))
    throw new ServiceError("CONFLICT", `${file} is there already. Choose another name, or move it away.`);
  const draft = `${file}.${randomUUID()}.part`;
  const handle = await open(draft, "wx", 0o600).catch((cause: NodeJS.ErrnoException) => {
    throw new ServiceError("INVALID", `${file} cannot be written (${cause.code}). Choose a folder that is there.`, {
      cause,
    });
  });
  try {
    try {
      for await (const chunk of archive) await handle.writeFile(chunk);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
    await syncFolder(dirname(file));
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
