/** Makes one namespace equal to another by touching only what differs. Doing it again changes nothing. */
import type { Collection } from "../../engine/records.ts";
import {
  canonicalJson,
  digestOf,
  type NamespaceSum,
  type NamespaceTransfer,
  type StoredFile,
  type StoredRecord,
  sumOfFiles,
  Tally,
  TRANSFER_ORDER,
} from "../../engine/transfer.ts";
import { putRecords } from "../put-records.ts";
import type { FileMemory } from "./file-memory.ts";

const BATCH_RECORDS = 500;

/** `sums` are those of the source as it was read; `changed` counts records and files that were put or removed. */
export type CaughtUp = { sums: NamespaceSum; changed: number };

export type CatchUpOptions = {
  from: NamespaceTransfer;
  to: NamespaceTransfer;
  memory: FileMemory;
  signal: AbortSignal;
};

const digest = (record: StoredRecord): string => digestOf(canonicalJson(record)).slice(0, 32);

async function digestsOf(namespace: NamespaceTransfer, collection: Collection): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for await (const records of namespace.read(collection))
    for (const record of records) digests.set(record.id, digest(record));
  return digests;
}

/** @returns the sum of the source, how many records were put, and the ids that only the target has. */
async function carryRecords({ from, to, signal }: CatchUpOptions, collection: Collection) {
  const tally = new Tally();
  const there = await digestsOf(to, collection);
  let batch: StoredRecord[] = [];
  let put = 0;
  const flush = async (): Promise<void> => {
    signal.throwIfAborted();
    await putRecords(to, collection, batch);
    put += batch.length;
    batch = [];
  };
  for await (const records of from.read(collection))
    for (const record of records) {
      tally.add(record);
      const isSame = there.get(record.id) === digest(record);
      there.delete(record.id);
      if (isSame) continue;
      batch.push(record);
      if (batch.length >= BATCH_RECORDS) await flush();
    }
  if (batch.length > 0) await flush();
  return { sum: tally.sum(), put, gone: [...there.keys()] };
}

/** Files are the same when they hold the same in the same place: the engines may call them differently. */
async function carryFiles({ from, to, memory, signal }: CatchUpOptions) {
  const there = new Map<string, StoredFile[]>();
  for await (const file of to.files()) {
    const entry = await memory.entry(to, file);
    there.set(entry, [...(there.get(entry) ?? []), file]);
  }
  const entries: string[] = [];
  const missing: StoredFile[] = [];
  for await (const file of from.files()) {
    const entry = await memory.entry(from, file);
    entries.push(entry);
    if (!there.get(entry)?.pop()) missing.push(file);
  }
  // First out, then in: a field may have room for one file only.
  const surplus = [...there.values()].flat();
  for (const file of surplus) await to.removeFile(file);
  for (const { collection, recordId, field, name } of missing) {
    signal.throwIfAborted();
    const file = { collection, recordId, field, name };
    await to.putFile(file, await from.readFile(file));
  }
  return { sum: sumOfFiles(entries), changed: surplus.length + missing.length };
}

/**
 * @throws ServiceError CONFLICT or NOT_FOUND when the source was written to meanwhile in a way that cannot be followed
 * record by record: a name that passed from one to another, a node of a stack that came after the stacks were read.
 */
export async function catchUp(options: CatchUpOptions): Promise<CaughtUp> {
  const sums: Partial<NamespaceSum> = {};
  const gone = new Map<Collection, string[]>();
  let changed = 0;
  for (const collection of TRANSFER_ORDER) {
    const { sum, put, gone: ids } = await carryRecords(options, collection);
    sums[collection] = sum;
    changed += put + ids.length;
    gone.set(collection, ids);
  }
  for (const collection of TRANSFER_ORDER.toReversed()) await options.to.remove(collection, gone.get(collection) ?? []);
  const files = await carryFiles(options);
  return { sums: { ...sums, files: files.sum } as NamespaceSum, changed: changed + files.changed };
}
