/** Makes one namespace equal to another by touching only what differs. Doing it again changes nothing. */
import type { Collection } from "../../engine/records.ts";
import {
  type NamespaceSum,
  type NamespaceTransfer,
  type StoredRecord,
  Tally,
  TRANSFER_ORDER,
} from "../../engine/transfer.ts";
import { putRecords } from "../put-records.ts";
import { carryFiles } from "./carry-files.ts";
import { type Digests, digestOfRecord, readDigests, type TargetMemory } from "./target-memory.ts";

const BATCH_RECORDS = 500;

/**
 * `sums` are those of the source as it was read, `changed` counts records and files that were put or removed, and
 * `differing` names the parts in which the target, read again after that, is not what the source was.
 */
export type CaughtUp = { sums: NamespaceSum; changed: number; differing: string[] };

export type CatchUpOptions = {
  from: NamespaceTransfer;
  to: NamespaceTransfer;
  memory: TargetMemory;
  signal: AbortSignal;
};

/** Puts what differs. @returns what the source has, and the ids that only the target has. */
async function carryRecords({ from, to, memory, signal }: CatchUpOptions, collection: Collection) {
  const tally = new Tally();
  const there = memory.records.get(collection) ?? (await readDigests(to, collection));
  // Known again when it has been read after the last change.
  memory.records.delete(collection);
  const here: Digests = new Map();
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
      const digest = digestOfRecord(record);
      here.set(record.id, digest);
      if (there.get(record.id) !== digest) batch.push(record);
      if (batch.length >= BATCH_RECORDS) await flush();
    }
  if (batch.length > 0) await flush();
  const gone = [...there.keys()].filter((id) => !here.has(id));
  return { sum: tally.sum(), here, there, gone, changed: put + gone.length };
}

const isEqual = (a: Digests, b: Digests): boolean =>
  a.size === b.size && [...a].every(([id, digest]) => b.get(id) === digest);

/**
 * @throws ServiceError CONFLICT or NOT_FOUND when the source was written to meanwhile in a way that cannot be followed
 * record by record: a name that passed from one to another, a node of a stack that came after the stacks were read.
 */
export async function catchUp(options: CatchUpOptions): Promise<CaughtUp> {
  const { to, memory } = options;
  const carried = new Map<Collection, Awaited<ReturnType<typeof carryRecords>>>();
  for (const collection of TRANSFER_ORDER) carried.set(collection, await carryRecords(options, collection));
  for (const collection of TRANSFER_ORDER.toReversed())
    await to.remove(collection, carried.get(collection)?.gone ?? []);
  const files = await carryFiles(options);
  const sums: Partial<NamespaceSum> = { files: files.sum };
  const differing = files.isSame ? [] : ["files"];
  let changed = files.changed;
  for (const [collection, { sum, here, there, changed: own }] of carried) {
    const now = own === 0 ? there : await readDigests(to, collection);
    memory.records.set(collection, now);
    if (!isEqual(here, now)) differing.push(collection);
    sums[collection] = sum;
    changed += own;
  }
  return { sums: sums as NamespaceSum, changed, differing };
}
