import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";

/** What a rename has made of a folder is on the disk only once the folder is. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes a file, mode 0600, and returns when it is on the disk. */
export async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, "w", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Replaces a file in one step, mode 0600: after a crash, also of the machine, it is the old one or the new one. */
export async function replaceFile(file: string, text: string): Promise<void> {
  await writeDurably(`${file}.new`, text);
  await rename(`${file}.new`, file);
  await syncFolder(dirname(file));
}

/** The text of a file; null when there is none. */
export async function readIfThere(file: string): Promise<string | null> {
  return await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
}
