import type { Collection } from "../../engine/records.ts";
import {
  fileEntry,
  type NamespaceSum,
  type NamespaceTransfer,
  type StoredRecord,
  sumOfFiles,
  Tally,
  TRANSFER_ORDER,
} from "../../engine/transfer.ts";
import { putRecords } from "../put-records.ts";
import { readArchive } from "./read-archive.ts";

const BATCH_RECORDS = 500;
const BATCH_BYTES = 4 * 1024 * 1024;

/** Records and files written so far. */
export type Unpacked = { records: number; files: number };

/**
 * Writes the content of an archive into an empty namespace.
 * @param onProgress told after every batch; what it throws ends the work.
 * @returns what the namespace has to add up to now.
 * @throws ServiceError INVALID for an archive that is damaged, see readArchive.
 */
export async function unpack(
  archive: AsyncIterable<Uint8Array>,
  namespaceVersion: number,
  to: NamespaceTransfer,
  onProgress: (progress: Unpacked) => void,
): Promise<NamespaceSum> {
  const tallies = new Map(TRANSFER_ORDER.map((collection) => [collection, new Tally()]));
  const files: string[] = [];
  const progress: Unpacked = { records: 0, files: 0 };
  let batch: { collection: Collection; records: StoredRecord[]; bytes: number } | null = null;
  const flush = async (): Promise<void> => {
    if (!batch) return;
    await putRecords(to, batch.collection, batch.records);
    progress.records += batch.records.length;
    batch = null;
    onProgress({ ...progress });
  };
  for await (const item of readArchive(archive, namespaceVersion)) {
    if (item.kind === "header") continue;
    if (item.kind === "file") {
      await flush();
      await to.putFile(item.file, item.content);
      files.push(fileEntry(item.file, item.content));
      progress.files += 1;
      onProgress({ ...progress });
      continue;
    }
    const { collection, record, bytes } = item;
    if (batch && batch.collection !== collection) await flush();
    batch ??= { collection, records: [], bytes: 0 };
    batch.records.push(record);
    batch.bytes += bytes;
    tallies.get(collection)?.add(record);
    if (batch.records.length >= BATCH_RECORDS || batch.bytes >= BATCH_BYTES) await flush();
  }
  await flush();
  const sums = Object.fromEntries([...tallies].map(([collection, tally]) => [collection, tally.sum()]));
  return { ...sums, files: sumOfFiles(files) } as NamespaceSum;
}
