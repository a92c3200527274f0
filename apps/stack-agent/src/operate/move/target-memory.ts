import type { Collection } from "../../engine/records.ts";
import {
  canonicalJson,
  digestOf,
  type FileRef,
  fileEntry,
  type NamespaceTransfer,
  type StoredFile,
  type StoredRecord,
} from "../../engine/transfer.ts";

/** Half a SHA-256 tells records apart as surely as anybody needs, and hundreds of thousands are held at once. */
const DIGEST_LENGTH = 32;

/** What identifies each record and what it holds. */
export type Digests = Map<string, string>;

export const digestOfRecord = (record: StoredRecord): string => digestOf(canonicalJson(record)).slice(0, DIGEST_LENGTH);

export async function readDigests(namespace: NamespaceTransfer, collection: Collection): Promise<Digests> {
  const digests: Digests = new Map();
  for await (const records of namespace.read(collection))
    for (const record of records) digests.set(record.id, digestOfRecord(record));
  return digests;
}

/**
 * Remembers what was read, so that it is not read again while somebody's writes wait. That is sound for records of the
 * target, to which nobody else writes, and for files, where a name never gets other content: PocketBase makes a new name for
 * every upload, and an import does not run beside a move.
 */
export type TargetMemory = {
  /** What the target held when it was last read. */
  records: Map<Collection, Digests>;
  /** The entry of a file, see fileEntry. */
  entry(namespace: NamespaceTransfer, file: StoredFile): Promise<string>;
};

export function createTargetMemory(): TargetMemory {
  const entries = new Map<NamespaceTransfer, Map<string, string>>();
  return {
    records: new Map(),
    async entry(namespace, { collection, recordId, field, name, size }) {
      const known = entries.get(namespace) ?? new Map<string, string>();
      entries.set(namespace, known);
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
