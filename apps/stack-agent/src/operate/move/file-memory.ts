import {
  type FileRef,
  fileEntry,
  type NamespaceSum,
  type NamespaceTransfer,
  type StoredFile,
  sumOfFiles,
  Tally,
  TRANSFER_ORDER,
} from "../../engine/transfer.ts";

/**
 * Remembers what files hold, so that each is read once and not again while somebody's writes wait. That is sound where a
 * name never gets other content: PocketBase makes a new name for every upload, and nobody else writes to the engine that a
 * host moves to.
 */
export type FileMemory = {
  /** The entry of a file, see fileEntry. */
  entry(namespace: NamespaceTransfer, file: StoredFile): Promise<string>;
};

export function createFileMemory(): FileMemory {
  const entries = new Map<NamespaceTransfer, Map<string, string>>();
  return {
    async entry(namespace, file) {
      const known = entries.get(namespace) ?? new Map<string, string>();
      entries.set(namespace, known);
      const { collection, recordId, field, name, size } = file;
      const key = JSON.stringify([collection, recordId, field, name, size]);
      const remembered = known.get(key);
      if (remembered) return remembered;
      const ref: FileRef = { collection, recordId, field, name };
      const entry = fileEntry(ref, await namespace.readFile(ref));
      known.set(key, entry);
      return entry;
    },
  };
}

/** As sumOf, without reading files again. */
export async function sumWithMemory(namespace: NamespaceTransfer, memory: FileMemory): Promise<NamespaceSum> {
  const sums: Partial<NamespaceSum> = {};
  for (const collection of TRANSFER_ORDER) {
    const tally = new Tally();
    for await (const records of namespace.read(collection)) for (const record of records) tally.add(record);
    sums[collection] = tally.sum();
  }
  const entries: string[] = [];
  for await (const file of namespace.files()) entries.push(await memory.entry(namespace, file));
  return { ...sums, files: sumOfFiles(entries) } as NamespaceSum;
}
