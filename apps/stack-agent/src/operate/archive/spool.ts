import { randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";

const READ_BYTES = 256 * 1024;

/** A temporary file without a name: it is gone with the process, however that ends. */
export type Spool = {
  write(bytes: Uint8Array): Promise<void>;
  /** All of it from the beginning, as often as one likes. */
  read(): AsyncGenerator<Uint8Array>;
  bytes(): number;
  close(): Promise<void>;
};

async function* readFrom(handle: FileHandle, bytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes; ) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, at);
    if (bytesRead === 0) throw new Error("A temporary file has become shorter.");
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

/** @param home where there is room for it; archives hold people's data and do not go to a folder that all can see. */
export async function openSpool(home: string): Promise<Spool> {
  const folder = join(home, "spool");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, randomUUID());
  const handle = await open(file, "wx+", 0o600);
  await rm(file);
  let bytes = 0;
  return {
    async write(chunk) {
      await handle.writeFile(chunk);
      bytes += chunk.byteLength;
    },
    read: () => readFrom(handle, bytes),
    bytes: () => bytes,
    close: () => handle.close(),
  };
}
