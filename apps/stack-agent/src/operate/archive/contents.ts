import type { Collection } from "../../engine/records.ts";
import {
  type FileRef,
  fileEntry,
  type NamespaceSum,
  type StoredRecord,
  sumOfFiles,
  Tally,
  TRANSFER_ORDER,
} from "../../engine/transfer.ts";
import { completed, faultOf } from "./check-record.ts";
import { refusedAt } from "./damage.ts";

/** What has been read so far, and whether the next thing may follow it. */
export class Contents {
  readonly #tallies = new Map(TRANSFER_ORDER.map((collection) => [collection, new Tally()]));
  readonly #ids = new Map<Collection, Set<string>>(TRANSFER_ORDER.map((collection) => [collection, new Set()]));
  readonly #files: string[] = [];
  #collection = 0;
  #lastId = "";
  readonly #places = new Set<string>();

  addRecord(line: number, collection: Collection, raw: StoredRecord): StoredRecord {
    const at = TRANSFER_ORDER.indexOf(collection);
    if (at < this.#collection || this.#places.size > 0)
      throw refusedAt(line, `${collection} come too late. Lines were moved.`);
    if (at > this.#collection) this.#lastId = "";
    if (raw.id <= this.#lastId) throw refusedAt(line, "the record is there twice or out of order.");
    const record = completed(collection, raw);
    const fault = faultOf(collection, record);
    if (fault) throw refusedAt(line, fault);
    if (collection === "nodes" && !this.#ids.get("stacks")?.has(String(record.fields.stackId)))
      throw refusedAt(line, `the node belongs to the stack ${record.fields.stackId}, which is not in the archive.`);
    this.#collection = at;
    this.#lastId = raw.id;
    this.#ids.get(collection)?.add(raw.id);
    this.#tallies.get(collection)?.add(raw);
    return record;
  }

  beginFile(line: number, { collection, recordId, field, name }: FileRef): void {
    if (!this.#ids.get(collection)?.has(recordId))
      throw refusedAt(line, `the file ${name} belongs to a record that is not in the archive.`);
    const place = JSON.stringify([collection, recordId, field, name]);
    if (this.#places.has(place)) throw refusedAt(line, `the file ${name} is there twice.`);
    this.#places.add(place);
  }

  addFile(file: FileRef, content: Buffer): void {
    this.#files.push(fileEntry(file, content));
  }

  sums(): NamespaceSum {
    const sums = Object.fromEntries([...this.#tallies].map(([collection, tally]) => [collection, tally.sum()]));
    return { ...sums, files: sumOfFiles(this.#files) } as NamespaceSum;
  }
}
